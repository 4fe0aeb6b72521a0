"""An alarm by mail, for where Slack itself may be what is broken; every value is escaped for HTML here."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from resets.freeze import LONGEST_WHY
from views.cards import alarm_words
from views.mail.letter import template
from views.text import safe, utc

if TYPE_CHECKING:
    from resets.facts import AlarmMail

NONE = "-"


def build(facts: AlarmMail) -> tuple[str, str, str]:
    """Return (subject, plain text, HTML) of a mail."""
    alarm = facts.alarm
    title, what = alarm_words(alarm.what)
    said = {
        "title": title,
        "what": what,
        "who": safe(alarm.who_name, empty=NONE),
        "when": utc(alarm.at),
        "about": safe(alarm.about, 160, empty=NONE),
        "request": safe(alarm.request_id or "", empty=NONE),
        "why": safe(alarm.why, LONGEST_WHY, empty=NONE),
    }
    escaped = {key: html.escape(value) for key, value in said.items()}
    about = f" ({safe(alarm.about, 60)})" if alarm.about else ""
    return f"Rekey: {title}{about}", template("alarm.txt").substitute(said), template("alarm.html").substitute(escaped)
