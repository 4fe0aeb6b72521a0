"""An account as a form shows it, and an account as one line in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from views import blocks, labels, words
from views.text import cut, escape, quiet, safe, when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resets.facts import AccountCard, Choice

_BETWEEN = "/"  # as in the journal: no directory's name holds one


def card(facts: AccountCard, *, domain: str = "") -> list[blocks.Block]:
    """Return name, login, directory, department, mail and status of one account; `domain` says how the mail's is."""
    pairs = [
        ("Account", quiet(facts.login)),
        ("Directory", quiet(facts.directory)),
        ("Mail", _mail(facts, domain)),
        ("Department", quiet(facts.department) if facts.department else "not recorded"),
    ]
    small = [_status(facts), _last(facts), _allowed(facts)]
    return [blocks.header(safe(facts.name)), blocks.fields(pairs), blocks.context(*filter(None, small))]


def _mail(facts: AccountCard, domain: str) -> str:
    if not facts.mail:
        return "none"
    return f"{quiet(facts.mail)}\n({domain})" if domain else quiet(facts.mail)


def _status(facts: AccountCard) -> str:
    parts = [labels.TIER[facts.tier]]
    parts.append("🔒 locked after wrong passwords" if facts.locked else "not locked")
    if facts.must_change:
        parts.append("is already asked for a new password at the next sign-in")
    return " · ".join(parts)


def _allowed(facts: AccountCard) -> str:
    """Say by which rule of which role it may be reset; nothing where it may not."""
    if facts.allowed is None:
        return ""
    role, grant = facts.allowed
    return escape(words.allowed(role, grant, facts.directory))


def _last(facts: AccountCard) -> str:
    changed, signed_in = facts.password_changed_at, facts.last_sign_in
    parts = [f"Password last changed {when(changed)}"] if changed else []
    return " · ".join([*parts, f"Last sign-in {when(signed_in)}"] if signed_in else parts)


def options(choices: Iterable[Choice]) -> list[blocks.Block]:
    """Return accounts as options for a select; one whose id does not fit into a value is left out."""
    return [
        blocks.option(_line(choice), value(choice.directory, choice.account_id), _more(choice))
        for choice in choices
        if len(value(choice.directory, choice.account_id)) <= blocks.VALUE
    ]


def _line(choice: Choice) -> str:
    return f"{safe(choice.name, 40)} · {safe(choice.login, 30)}"


def _more(choice: Choice) -> str:
    parts = [choice.mail, choice.department, choice.directory]
    return cut(" · ".join(safe(part, 40) for part in parts if part), blocks.OPTION)


def value(directory: str, id_: str) -> str:
    """Return what Slack hands back for a chosen account or group; `chosen` reads it."""
    return f"{directory}{_BETWEEN}{id_}"


def chosen(text: str) -> tuple[str, str] | None:
    """Return the (directory, id) of an option's value, or None for anything else. It proves nothing."""
    directory, between, account_id = text.partition(_BETWEEN)
    return (directory, account_id) if directory and between and account_id else None
