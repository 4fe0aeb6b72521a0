"""The mails to the person whose password was reset, from template files; every value is escaped for HTML here."""

from __future__ import annotations

import html
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from views.text import safe, spell, utc

if TYPE_CHECKING:
    from directory.secret import Secret
    from resets.facts import MailFacts


def build(facts: MailFacts, password: Secret | None) -> tuple[str, str, str]:
    """Return (subject, plain text, HTML) of a mail.

    Raises:
        ValueError: the facts promise a password and none was handed over, or the other way round.
    """
    if facts.with_password != (password is not None):
        raise ValueError("a mail that promises a password must be handed one, and no other may")
    name = "password" if password is not None else "notice"
    said = _said(facts) | (
        {} if password is None else {"password": password.reveal(), "spelled": spell(password.reveal())}
    )
    escaped = {key: html.escape(value) for key, value in said.items()}
    subject = f"Your password for {safe(facts.directory, 60)} was reset"
    return subject, template(f"{name}.txt").substitute(said), template(f"{name}.html").substitute(escaped)


@cache
def template(name: str) -> Template:
    """Return one of the template files beside this one."""
    return Template(files("views.mail").joinpath(name).read_text(encoding="utf-8"))


def _said(facts: MailFacts) -> dict[str, str]:
    return {
        "name": safe(facts.name),
        "login": safe(facts.login),
        "directory": safe(facts.directory),
        "requester": safe(facts.requester_name),
        "asked": utc(facts.asked_at),
        "then": _then(facts),
        "sessions": _sessions(facts),
    }


def _then(facts: MailFacts) -> str:
    if not facts.with_password and facts.by_dm:
        until = f" until {utc(facts.expires_at)}" if facts.expires_at else ""
        return f"Your one-time password waits for you in Slack, behind the button “Show my one-time password”{until}."
    if not facts.with_password:
        return "Your one-time password comes to you on another way. This mail does not hold it."
    if facts.must_change:
        return "Sign in with it soon. You are asked at once for a new password that only you know."
    return "Sign in with it soon, then change it to one that only you know."


def _sessions(facts: MailFacts) -> str:
    if facts.sessions_cleared:
        return "You were signed out on all devices, and API tokens no longer work: sign in again where you need to."
    return "Devices on which you are signed in may stay signed in."
