"""Finding whom somebody has named: exactly, in the directories; what does not answer to the name is not believed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.faults import reason as reason_of
from directory.base import Account, Ambiguous, Directory, DirectoryError
from resets.facts import Choice, Member
from resets.reasons import Reason, Refused
from store import index

if TYPE_CHECKING:
    from desk.tools import Tools


@dataclass(frozen=True, slots=True)
class Typed:
    """A login or a mail address, as typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A Slack person, as `users.info` tells of them."""

    member: Member


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry of a list of ours; read again and believed only then."""

    directory: str
    account_id: str


Named = Typed | Mentioned | Chosen


@dataclass(frozen=True, slots=True)
class Found:
    """One account, read a moment ago."""

    directory: str
    account: Account


async def exact(tools: Tools, text: str) -> list[Found]:
    """Ask every directory for exactly this login or address; what does not answer to it is not believed."""

    async def ask(directory: Directory) -> list[Found] | DirectoryError:
        try:
            account = await directory.find(text)
        except Ambiguous as several:
            return [Found(directory.name, a) for a in several.accounts]
        except DirectoryError as error:
            return error
        if account is None:
            return []
        if text.casefold() not in (account.login.casefold(), (account.mail or "").casefold()):
            return []
        return [Found(directory.name, account)]

    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(ask(d)) for name, d in tools.directories.items()}
    found: list[Found] = []
    for name, task in tasks.items():
        answer = task.result()
        if isinstance(answer, DirectoryError):
            # A name that only one silent directory may know is not "not found"; one that a silent directory may
            # know too is not "the one".
            raise Refused(reason_of(answer), directory=tools.rules.called(name)) from answer
        found += answer
    return found


async def mentioned(tools: Tools, member: Member) -> list[Found]:
    """Find the account of a Slack person: by the directory's Slack attribute, else by the address that Slack has."""
    async with tools.store.read() as tx:
        choices = await index.by_slack(tx, member.person.user)
    found = [f for c in choices if isinstance(f := await _read(tools, c.directory, c.account_id), Found)]
    found = [f for f in found if f.account.slack_user == member.person.user]
    if found or not member.mail:
        return found
    return await exact(tools, member.mail)


async def chosen(tools: Tools, directory: str, account_id: str) -> Found:
    """Read the account that was chosen from a list of ours.

    Raises:
        Refused: ACCOUNT_GONE, or the directory could not be asked.
    """
    found = await _read(tools, directory, account_id)
    if found is None:
        raise Refused(Reason.ACCOUNT_GONE, directory=tools.rules.called(directory))
    return found


async def _read(tools: Tools, directory: str, account_id: str) -> Found | None:
    try:
        account = (await tools.directory(directory).fetch([account_id])).get(account_id)
    except DirectoryError as error:
        raise Refused(reason_of(error), directory=tools.rules.called(directory)) from error
    return Found(directory, account) if account is not None and account.id == account_id else None


def choice(found: Found) -> Choice:
    """Return an account as an entry of a list."""
    a = found.account
    return Choice(found.directory, a.id, a.login, a.name, a.mail, a.department)
