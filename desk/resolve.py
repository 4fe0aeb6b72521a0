"""Many names at once: to the accounts that answer to them, as they are in their directories at this moment.

The index says where to look, the directory what is there: whoever no longer answers to a name is not believed, and
what the index does not know is asked of the directories, hundreds of names at a time.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.faults import reason as reason_of
from desk.find import Found
from directory.base import DirectoryError
from resets import targets
from resets.bulk import Unfound
from resets.reasons import Reason, Refused
from store import index

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from desk.tools import Tools
    from directory.base import Account, Directory

AT_ONCE = 500  # names, or ids, of one round trip
MOST_MEANT = 5  # accounts of one name that are read; from two on it is ambiguous
MOST_NEAR = 3

# A Slack person in a list, with the address that Slack has of them, if any: "<@U0123|anna@example.com>".
_MENTION = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|([^<>|]*))?>")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What came of some names: the accounts with the name that each was found by, and the names that are nobody's."""

    found: tuple[tuple[str, Found], ...]
    unfound: tuple[Unfound, ...]


@contextmanager
def answering(tools: Tools, directory: str) -> Iterator[None]:
    """Turn what a directory does not answer into a refusal that names it."""
    try:
        yield
    except DirectoryError as error:
        raise Refused(reason_of(error), directory=tools.rules.called(directory)) from error


async def fetch(tools: Tools, directory: str, ids: Sequence[str]) -> Mapping[str, Account]:
    """Read accounts anew; whoever is gone is missing from the answer.

    Raises:
        Refused: the directory could not be asked.
    """
    found: dict[str, Account] = {}
    for start in range(0, len(ids), AT_ONCE):
        with answering(tools, directory):
            answer = await tools.directory(directory).fetch(ids[start : start + AT_ONCE])
        found |= {account_id: account for account_id, account in answer.items() if account.id == account_id}
    return found


async def names(tools: Tools, some: Sequence[str], *, suggestions: int) -> Resolved:
    """Find whom some names (1-500, each once) are; `suggestions` is for how many of the unfound to look for near ones.

    Raises:
        Refused: a directory could not be asked: a name that only it may know is not "not found".
    """
    wanted: dict[str, str] = {}  # as given -> as it is looked for
    found: list[tuple[str, Found]] = []
    unfound: list[Unfound] = []
    for name in some:
        if mention := _MENTION.fullmatch(name.strip()):
            account = await _mentioned(tools, mention[1])
            if account is not None:
                found.append((name, account))
                continue
            text = mention[2] or ""
        else:
            text = _read(name)
        if text:
            wanted[name] = text
        else:
            unfound.append(Unfound(name, Reason.NOT_FOUND if mention else Reason.MALFORMED_TARGET))
    answers = await _asked(tools, frozenset(wanted.values()))
    for name, text in wanted.items():
        several = answers[text]
        if len(several) == 1:
            found.append((name, several[0]))
        elif several:
            meant = tuple(f"{f.account.login} ({tools.rules.called(f.directory)})" for f in several[:MOST_NEAR])
            unfound.append(Unfound(name, Reason.AMBIGUOUS, meant))
        else:
            near = await _near(tools, text) if suggestions > 0 else ()
            suggestions -= 1
            unfound.append(Unfound(name, Reason.NOT_FOUND, near))
    return Resolved(tuple(found), tuple(unfound))


def _read(name: str) -> str:
    """Return a name without what surrounds it; "" for what cannot be one."""
    try:
        read = targets.read(name)
    except Refused:
        return ""
    match read:
        case targets.Name(text):
            return text
        case targets.Help():  # a login like any other, here
            return name.strip()
    return ""


async def _asked(tools: Tools, texts: Collection[str]) -> dict[str, list[Found]]:
    """Return for each text the accounts that answer to it now."""
    answers: dict[str, dict[tuple[str, str], Found]] = {text: {} for text in texts}

    def believe(text: str, directory: str, account: Account | None) -> None:
        if account is not None and {_same(account.login), _same(account.mail or "")} & {_same(text)}:
            answers[text].setdefault((directory, account.id), Found(directory, account))

    async with tools.store.read() as tx:
        known = await index.exact_many(tx, texts, tuple(tools.directories))
        unsure = [name for name in tools.directories if await index.mark(tx, name) is None]
    where = [(text, choice) for text, choices in known.items() for choice in choices[:MOST_MEANT]]
    for directory in tools.directories:
        ids = dict.fromkeys(choice.account_id for _, choice in where if choice.directory == directory)
        fresh = await fetch(tools, directory, list(ids))
        for text, choice in where:
            if choice.directory == directory:
                believe(text, directory, fresh.get(choice.account_id))
    left = [text for text, some in answers.items() if not some]
    for name, asked in tools.directories.items():
        # An index that was never filled to the end knows some of its directory's people, and perhaps not this one.
        await _ask(asked, list(texts) if name in unsure else left, tools, believe)
    return {text: list(some.values()) for text, some in answers.items()}


async def _ask(
    directory: Directory, texts: list[str], tools: Tools, believe: Callable[[str, str, Account], None]
) -> None:
    if texts:
        with answering(tools, directory.name):
            told = await directory.find_many(texts)
        for text in texts:
            for account in told.get(text, ()):
                believe(text, directory.name, account)


async def _mentioned(tools: Tools, slack_user: str) -> Found | None:
    """Return the one account whose directory says that it is this Slack user's."""
    async with tools.store.read() as tx:
        choices = await index.by_slack(tx, slack_user)
    found = []
    for choice in choices[:MOST_MEANT]:
        if choice.directory in tools.directories:
            account = (await fetch(tools, choice.directory, [choice.account_id])).get(choice.account_id)
            if account is not None and account.slack_user == slack_user:
                found.append(Found(choice.directory, account))
    return found[0] if len(found) == 1 else None


async def _near(tools: Tools, text: str) -> tuple[str, ...]:
    async with tools.store.read() as tx:
        near = await index.near(tx, text, directories=tuple(tools.directories), limit=MOST_NEAR)
    return tuple(choice.login for choice in near)


def _same(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
