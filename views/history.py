"""The lines in the thread under a card: what has happened to a request, who did it, and when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from resets.approval import LONGEST_WHY
from resets.audit import Deed
from resets.brief import BRIEF
from resets.reasons import Reason
from views import blocks, words
from views.text import escape, many, quiet, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from resets.history import Line

Message = dict[str, "str | list[blocks.Block]"]


def line(facts: Line) -> Message:
    """Return one thing that has happened, as {text, blocks}."""
    text = SAID[facts.entry.deed](facts)
    return {"text": text, "blocks": [blocks.section(text)]}


def _asked(line: Line) -> str:
    known = line.entry.facts
    needed = many(max(int(known["approvals"]), int(known["of_security"])), "approval")
    until = when(datetime.fromisoformat(str(known["until"])))
    instead = f" It takes the place of request {quiet(str(known['replaces']))}." if known.get("replaces") else ""
    who = f"*{quiet(line.requester_name)}* asked {_at(line)} to reset {many(line.count)}"
    return f"⏳ {who}: {needed} needed until {until}.{instead}"


def _approved(line: Line) -> str:
    left = int(line.entry.facts["missing"])
    then = f"{many(left, 'approval is', 'approvals are')} still missing." if left else "Enough have agreed."
    return f"✅ *{_who(line)}* approved {_at(line)}. {then}"


def _denied(line: Line) -> str:
    why = quiet(str(line.entry.facts["why"]), LONGEST_WHY)
    return f"🚫 *{_who(line)}* denied {_at(line)}: {why}\nNobody was reset."


def _withdrawn(line: Line) -> str:
    other = str(line.entry.facts.get("replaced_by", ""))
    if not other:
        return f"↩️ *{_who(line)}* withdrew it {_at(line)}. Nobody was reset."
    changed = f"✏️ *{_who(line)}* changed it {_at(line)}: request {quiet(other)} has taken its place."
    return f"{changed} What was agreed to here counts for nothing, and nobody was reset."


def _lapsed(line: Line) -> str:
    return f"⌛ Too few had agreed in time; it ended {_at(line)}. Nobody was reset."


def _started(line: Line) -> str:
    return f"▶️ Begun {_at(line)}: {many(int(line.entry.facts['count']))}."


def _paused(line: Line) -> str:
    reason = _reason(line)
    if reason is None or reason is Reason.STOPPED_BY_HAND:
        return f"⏸️ *{_who(line)}* paused it {_at(line)}."
    return f"🛑 It stopped by itself {_at(line)}. {escape(words.sentence(reason))}"


def _resumed(line: Line) -> str:
    return f"▶️ *{_who(line)}* let it go on {_at(line)}."


def _retried(line: Line) -> str:
    return f"🔁 *{_who(line)}* had what failed tried again {_at(line)}."


def _cancelled(line: Line) -> str:
    if _reason(line) is not None:
        return f"❌ It could not begin, and ended {_at(line)}: {_why(line)}. Nobody was reset."
    spared = many(int(line.entry.facts["spared"]), "person is", "people are")
    return f"🚫 *{_who(line)}* cancelled the rest {_at(line)}: {spared} left as they were."


def _done(line: Line) -> str:
    known = line.entry.facts
    if "reset" not in known:
        return f"🏁 Done {_at(line)}: the password is set."
    counts = [f"{int(known['reset']):,} reset"]
    counts += [f"{int(known['failed']):,} failed"] if known["failed"] else []
    counts += [f"{int(known['left_out']):,} left out"] if known["left_out"] else []
    return f"🏁 Ended {_at(line)}: {', '.join(counts)}."


def _not_done(line: Line) -> str:
    return f"❌ It could not be done, and ended {_at(line)}: {_why(line)}."


def _unknown(line: Line) -> str:
    return f"❔ It ended {_at(line)}, and nobody knows whether the password is set: {_why(line)}."


SAID: dict[Deed, Callable[[Line], str]] = {
    Deed.STEPPED_UP: _asked,
    Deed.APPROVED: _approved,
    Deed.DENIED: _denied,
    Deed.WITHDRAWN: _withdrawn,
    Deed.LAPSED: _lapsed,
    Deed.STARTED: _started,
    Deed.PAUSED: _paused,
    Deed.RESUMED: _resumed,
    Deed.RETRIED: _retried,
    Deed.CANCELLED: _cancelled,
    Deed.DONE: _done,
    Deed.FAILED: _not_done,
    Deed.EXCLUDED: _not_done,
    Deed.STEP_FAILED: _unknown,
}


def _who(line: Line) -> str:
    return quiet(str(line.entry.facts.get("name", line.requester_name)))


def _at(line: Line) -> str:
    return when(line.entry.at)


def _reason(line: Line) -> Reason | None:
    told = line.entry.facts.get("reason")
    return Reason(str(told)) if told else None


def _why(line: Line) -> str:
    reason = _reason(line)
    return BRIEF[reason] if reason is not None else "nobody knows why"
