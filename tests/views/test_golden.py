"""The texts as people read them, one golden file a group. A change of words is a change that somebody has looked at.

To renew the files after a deliberate change: REKEY_RENEW_GOLDEN=1 pytest tests/views/test_golden.py, then read the
difference in git before committing it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from directory.secret import Secret
from resets.brief import BRIEF
from resets.reasons import Reason
from tests.views import catalogue, crowd, samples
from views.mail import letter
from views.words import sentence

GOLDEN = Path(__file__).parent / "golden"
FACTS = {
    "login": "anna.bell",
    "directory": "Corp",
    "directory_key": "corp",
    "domain": "example.org",
    "typed": "anna",
    "user": "U0ANNA",
    "seconds": 240,
    "left": 3,
    "no_dm": "guest",
    "no_mail": "cannot",
}


def _read(view):
    """Return what a person reads of a view, line by line, with what can be pressed in brackets."""
    lines = [f"[{view[part]['text']}]" for part in ("title", "submit", "close") if part in view]
    for block in view["blocks"]:
        lines += _lines(block)
    return lines


def _lines(value):
    if isinstance(value, list):
        return [line for inner in value for line in _lines(inner)]
    if not isinstance(value, dict):
        return []
    if value.get("type") in ("plain_text", "mrkdwn"):
        return value["text"].split("\n")
    if value.get("type") == "button":
        return [f"[{value['text']['text']}]", *_lines(value.get("confirm"))]
    skipped = ("initial_option", "initial_options")
    return [line for key, inner in value.items() if key not in skipped for line in _lines(inner)]


def _mails():
    password = Secret(samples.PASSWORD)
    cases = {
        "notice_by_dm": (samples.mail(), None),
        "notice": (samples.mail(by_dm=False, sessions_cleared=False), None),
        "password": (samples.mail(with_password=True, by_dm=False), password),
        "password_kept": (samples.mail(with_password=True, by_dm=False, must_change=False), password),
    }
    return {
        name: dict(zip(("subject", "text", "html"), letter.build(*case), strict=True)) for name, case in cases.items()
    }


GROUPS = {
    "sentences": lambda: {
        reason.value: {"bare": sentence(reason), "told": sentence(reason, FACTS)} for reason in Reason
    },
    "views": lambda: {
        name: _read(view)
        for name, view in catalogue.views().items()
        if not name.startswith("excluded_") or name == "excluded_unverified_domain"
    },
    "messages": lambda: {
        name: {"text": message["text"], "lines": _read(message)} for name, message in catalogue.messages().items()
    },
    "mails": _mails,
    "notes": crowd.notes,
    "brief": lambda: {reason.value: BRIEF[reason] for reason in Reason},
}


@pytest.mark.parametrize("group", GROUPS)
def test_the_words_are_the_words_that_were_read(group):
    """Nobody changes what people read without seeing the change."""
    path = GOLDEN / f"{group}.json"
    said = GROUPS[group]()
    if os.environ.get("REKEY_RENEW_GOLDEN"):
        path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert said == json.loads(path.read_text(encoding="utf-8"))
