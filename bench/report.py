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
WIDTH, BAR, LABEL = 760, 22, 330


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
    """Draw each figure as a bar against its aim (the full width), and what it is held against as a thin one."""
    height = 40 + len(rows) * (BAR + 20)
    scale = (WIDTH - LABEL - 90) / 1.25
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        "<style>text { font: 13px sans-serif }</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<path d="M{LABEL + scale} 24V{height - 8}" stroke="#888" stroke-dasharray="4 3"/>',
        f'<text x="{LABEL + scale}" y="16" text-anchor="middle" fill="#555">aim</text>',
    ]
    for place, row in enumerate(rows):
        top = 30 + place * (BAR + 20)
        color = "#0b6b6b" if row.met else "#b3261e"
        long = min(row.ours / row.aim, 1.25) * scale
        parts.append(f'<text x="{LABEL - 10}" y="{top + 15}" text-anchor="end">{escape(row.what)}</text>')
        parts.append(f'<rect x="{LABEL}" y="{top}" width="{long:.1f}" height="{BAR}" fill="{color}"/>')
        parts.append(f'<text x="{LABEL + long + 6:.1f}" y="{top + 15}">{number(row.ours)} {row.unit}</text>')
        if row.beside is not None:
            thin = min(row.beside / row.aim, 1.25) * scale
            parts.append(f'<rect x="{LABEL}" y="{top + BAR + 2}" width="{thin:.1f}" height="5" fill="#bbb"/>')
    return "\n".join([*parts, "</svg>", ""])


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
