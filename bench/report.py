"""The table and the plot of docs/performance.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.figures import number

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- figures: written by `make bench` -->", "<!-- /figures -->"
WIDTH, LABEL, TOLD = 900, 330, 190  # in all, of the names, of the figures
HEAD, BAR, STEP = 36, 22, 42
MOST_AIMS = 2.0  # so many times the aim fits into the plot where more is better


@dataclass(frozen=True)
class Row:
    """One figure beside its aim and the thing to beat. All in `unit`; `beside` is None where there is none."""

    what: str
    ours: float
    aim: float
    unit: str
    beside: float | None = None
    of: str = ""  # what `beside` is of
    more: str = ""  # p50, spread, counts
    most: bool = False  # the more, the better

    @property
    def met(self):
        return self.ours >= self.aim if self.most else self.ours <= self.aim


def table(rows):
    lines = ["| figure | ours | aim | side by side | ratio | more |", "|---|---|---|---|---|---|"]
    for row in rows:
        beside = f"{number(row.beside)} {row.unit} ({row.of})" if row.beside is not None else "-"
        ratio = f"{row.ours / row.beside:.2g}" if row.beside else "-"
        mark = "" if row.met else " **missed**"
        aim = f"{number(row.aim) if row.most else f'{row.aim:g}'} {row.unit}{mark}"
        lines.append(f"| {row.what} | {number(row.ours)} {row.unit} | {aim} | {beside} | {ratio} | {row.more} |")
    return "\n".join(lines)


def plot(rows):
    """Draw each figure as a bar against its aim, and what it is held against as a thin one.

    Two parts, each on a scale of its own, since a bar should end before the line where less is better, and reach it
    where more is. A bar that is longer than the scale has a gap near its end.
    """
    parts, top = [], 0
    for most, title in ((False, "less is better: up to the aim"), (True, "more is better: from the aim on")):
        some = [row for row in rows if row.most is most]
        if some:
            parts += _part(some, title, 1.25 if not most else MOST_AIMS, top)
            top += HEAD + len(some) * STEP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}">',
            "<style>text { font: 13px sans-serif }</style>",
            f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _part(rows, title, aims, top):
    """Draw the rows of one kind from a height on; the scale ends at so many times the aim."""
    scale = (WIDTH - LABEL - TOLD) / aims
    line, bottom = LABEL + scale, top + HEAD + len(rows) * STEP - 8
    yield f'<text x="{LABEL - 10}" y="{top + 20}" text-anchor="end" style="font-weight: bold">{title}</text>'
    yield f'<path d="M{line:.1f} {top + 28}V{bottom}" stroke="#888" stroke-dasharray="4 3"/>'
    yield f'<text x="{line:.1f}" y="{top + 20}" text-anchor="middle" fill="#555">aim</text>'
    for place, row in enumerate(rows):
        at = top + HEAD + place * STEP
        yield f'<text x="{LABEL - 10}" y="{at + 15}" text-anchor="end">{escape(row.what)}</text>'
        yield from _bar(at, BAR, row.ours / row.aim, aims, scale, "#0b6b6b" if row.met else "#b3261e")
        if row.beside is not None:
            yield from _bar(at + BAR + 2, 5, row.beside / row.aim, aims, scale, "#bbb")
        told = f"{number(row.ours)} of {number(row.aim) if row.most else f'{row.aim:g}'} {row.unit}"
        yield f'<text x="{WIDTH - TOLD + 10}" y="{at + 15}">{escape(told)}</text>'


def _bar(top, height, share, aims, scale, color):
    long = min(share, aims) * scale
    yield f'<rect x="{LABEL}" y="{top}" width="{long:.1f}" height="{height}" fill="{color}"/>'
    if share > aims:
        x = LABEL + long - 14
        yield f'<path d="M{x:.1f} {top + height}l4 -{height}h4l-4 {height}z" fill="#ffffff"/>'


def machine():
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def write(rows, notes):
    """Put the table into docs/performance.md between its marks, and the plot beside it."""
    page = DOCS / "performance.md"
    text = page.read_text("utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    listed = "\n".join(f"- {note}" for note in notes)
    body = f"\n{machine()}.\n\n{table(rows)}\n\n![Each figure against its aim](images/performance.svg)\n\n{listed}\n"
    page.write_text(before + BEGIN + body + END + after, "utf-8")
    (DOCS / "images" / "performance.svg").write_text(plot(rows), "utf-8")
