"""What people and directories said, made safe for the gaps of a sentence.

Facts that a sentence may use, each of them optional: `login`, `directory`, `domain`, `typed`, `user` (texts of
people, made safe here), `directory_key` (the directory's name in the settings), `seconds` (to wait, or that a freeze
still stands), `minutes` (how far off), `limit` (how many are allowed), within `hours`, and how many seconds `ago` the
first of them was, `left` (tries), `people` (how many), `no_dm` and `no_mail` (reasons), of a rule `role` and `place` (a
group or a unit, as the settings write it), and of a list `column` (its header), `row` and `most` (characters).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.base import GroupKind
from resets.reasons import Reason
from views import labels
from views.text import many, safe, span

if TYPE_CHECKING:
    from collections.abc import Mapping

FACT = 40  # UTF-16 units of a person's text within a sentence

UNSAID = {
    "login": "this account",
    "directory": "the directory",
    "domain": "of this account",
    "typed": "that",
    "wait": "a few minutes",
    "until": "",
    "off": "some minutes",
    "left": "",
    "limit": "",
    "within": "that time",
    "often": "",
    "user": "this person",
    "named": "",
    "people": "this person",
    "key": "this directory",
    "role": "this role",
    "place": "a group",
    "because": "",
    "row": "",
    "column": "with that header",
    "most": "can be taken",
}


def filled(facts: Mapping[str, str | int]) -> dict[str, str]:
    """Return what goes into each gap, for the facts that there are; a word in its place where there is none."""
    said = dict(UNSAID)
    said |= {key: safe(str(facts[key]), FACT) for key in ("login", "directory", "domain", "user") if facts.get(key)}
    if facts.get("user"):
        said["named"] = f", {said['user']},"
    if facts.get("typed"):
        said["typed"] = f"“{safe(str(facts['typed']), FACT)}”"
    elif facts.get("login"):
        said["typed"] = f"“{said['login']}”"
    if facts.get("directory_key"):
        said["key"] = f"“{safe(str(facts['directory_key']), FACT)}”"
    if "seconds" in facts:
        said["wait"] = span(int(facts["seconds"]))
        said["until"] = f" for another {said['wait']}"
    elif facts.get("user"):
        said["until"] = " until that is ended"
    if "minutes" in facts:
        said["off"] = span(abs(int(facts["minutes"])) * 60)  # a clock may be slow, too
    left = facts.get("left")
    if left is not None:
        said["left"] = "One try is left." if int(left) == 1 else f"{int(left)} tries are left."
    if "people" in facts:
        said["people"] = many(int(facts["people"]))
    said["because"] = _because(facts)
    return said | _of_a_limit(facts) | _of_a_rule(facts) | _of_a_list(facts)


def place(text: str) -> str:
    """Return a group or a unit, as the settings write it, in words: "the group “Sales”"."""
    kind, _, name = text.partition(":")
    return f"the {'unit' if kind == GroupKind.OU else 'group'} “{safe(name, FACT)}”"


def _of_a_limit(facts: Mapping[str, str | int]) -> dict[str, str]:
    said: dict[str, str] = {}
    if "limit" in facts:
        lately = f" in the last {span(int(facts['ago']))}" if "ago" in facts else ""
        said |= {"limit": f"{int(facts['limit'])} ", "often": f" ({int(facts['limit'])}{lately})"}
    if "hours" in facts:
        said["within"] = span(int(facts["hours"]) * 3600)
    return said


def _of_a_rule(facts: Mapping[str, str | int]) -> dict[str, str]:
    said = {}
    if facts.get("role"):
        said["role"] = f"the role “{safe(str(facts['role']), FACT)}”"
    if facts.get("place"):
        said["place"] = place(str(facts["place"]))
    return said


def _of_a_list(facts: Mapping[str, str | int]) -> dict[str, str]:
    said = {}
    if "row" in facts:
        said["row"] = f" in row {int(facts['row'])}"
    if facts.get("column"):
        said["column"] = f"“{safe(str(facts['column']), FACT)}”"
    if "most" in facts:
        said["most"] = f"{int(facts['most']):,} characters"
    return said


def _because(facts: Mapping[str, str | int]) -> str:
    if "no_dm" not in facts or "no_mail" not in facts:
        return ""
    dm = labels.NOT_BY_DM.get(Reason(str(facts["no_dm"])), labels.UNSAFE)
    mail = labels.NOT_BY_MAIL.get(Reason(str(facts["no_mail"])), labels.UNSAFE)
    return f" (Slack: {dm}; mail: {mail})"
