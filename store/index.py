"""The local index of accounts: what look-ups by name are served from, so that they cost the same on every directory.

An account is found by the start of its words. The words are rows of their own, sorted byte by byte, so that a search
is a few short scans over an index, however large the directory is.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Integer, and_, bindparam, delete, exists, func, select, update

from resets.facts import Choice
from store.folding import DEPARTMENT, LOGIN, LONGEST_WORD, PERSON, SHORT, fold, query_words, storable, words_of
from store.tables_index import index_accounts, index_marks, index_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter, ColumnElement, Row, Select

    from directory.base import Account
    from store.base import Tx

Item = TypeVar("Item")
BATCH = 500  # ids in one statement
AFTER_ALL = "\U0010ffff"  # sorts after every character of a word
ENOUGH = 5_000  # matches from which on a word is no longer worth counting
MOST_NEAR = 1_000  # words that are compared letter by letter
MOST_CLOSE, MOST_MEANINGS = 3, 6  # replacements of one word, and ways to combine them
ALIKE = 0.72  # difflib's measure; below it, "did you mean" annoys
SHARED_LETTERS = 2
LENGTH_APART = 2

# What is asked at every letter typed, and at every form that is filled, is built once.
_DIRECTORIES: BindParameter[Any] = bindparam("directories", expanding=True)
_NUMBERED = select(index_accounts).where(index_accounts.c.number.in_(bindparam("numbers", expanding=True)))
_KNOWN = select(index_accounts).where(
    index_accounts.c.directory == bindparam("of"), index_accounts.c.account_id.in_(bindparam("ids", expanding=True))
)
_SAME_LOGIN = (
    select(index_words.c.number)
    .where(
        index_words.c.rank == LOGIN,
        index_words.c.word == bindparam("word_"),
        index_words.c.directory.in_(_DIRECTORIES),
    )
    .limit(bindparam("most", type_=Integer))
)


# -- filling ---------------------------------------------------------------------------------------------------


async def upsert(tx: Tx, directory: str, accounts: Sequence[Account], now: datetime) -> None:
    """Bring accounts (0-1,000) up to date; notes when an address is another than the one that was known."""
    walk = await tx.conn.scalar(select(index_marks.c.walk).where(index_marks.c.directory == directory)) or 0
    latest = {account.id: account for account in accounts}
    known = await _known(tx, directory, list(latest))
    added, changed, seen = [], [], []
    for account in latest.values():
        values, before = _values(directory, account), known.get(account.id)
        if before is None:
            added.append({**values, "walk": walk})
        elif any(getattr(before, name) != value for name, value in values.items()):
            values |= _moved(before, values, now)
            changed.append({**values, "walk": walk, "which": before.number})
        elif before.walk != walk:
            seen.append(before.number)
    numbers = {row["account_id"]: row["which"] for row in changed}
    for some in _batches(seen):
        await tx.conn.execute(update(index_accounts).where(index_accounts.c.number.in_(some)).values(walk=walk))
    for some in _batches(list(numbers.values())):
        await tx.conn.execute(delete(index_words).where(index_words.c.number.in_(some)))
    if changed:
        await tx.conn.execute(update(index_accounts).where(index_accounts.c.number == bindparam("which")), changed)
    if added:
        new = index_accounts.insert().returning(index_accounts.c.account_id, index_accounts.c.number)
        numbers |= {row.account_id: row.number for row in await tx.conn.execute(new, added)}
    words = [
        {"rank": rank, "word": word, "number": number, "directory": directory}
        for account_id, number in numbers.items()
        for rank, word in words_of(latest[account_id])
    ]
    if words:
        await tx.conn.execute(index_words.insert(), words)


async def remove(tx: Tx, directory: str, ids: Iterable[str]) -> None:
    """Forget accounts that the directory no longer has."""
    known = await _known(tx, directory, list(ids))
    await _drop(tx, [row.number for row in known.values()])


async def mark(tx: Tx, directory: str) -> str | None:
    """Return the marker to ask the directory's changes from; None where there was no full walk yet."""
    return await tx.conn.scalar(select(index_marks.c.marker).where(index_marks.c.directory == directory))


async def set_mark(tx: Tx, directory: str, marker: str | None, now: datetime) -> None:
    """Keep the marker that a walk or a look at the changes ended with."""
    await _mark_row(tx, directory)
    mine = update(index_marks).where(index_marks.c.directory == directory)
    await tx.conn.execute(mine.values(marker=marker, marked_at=now))


async def begin_walk(tx: Tx, directory: str) -> None:
    """Begin a walk over the whole directory; what it does not see is forgotten at its end."""
    await _mark_row(tx, directory)
    mine = update(index_marks).where(index_marks.c.directory == directory)
    await tx.conn.execute(mine.values(walk=index_marks.c.walk + 1))


async def end_walk(tx: Tx, directory: str) -> int:
    """End a walk that reached the directory's end: forget who was not seen; returns how many those were."""
    walk = await tx.conn.scalar(select(index_marks.c.walk).where(index_marks.c.directory == directory)) or 0
    unseen = (index_accounts.c.directory == directory) & (index_accounts.c.walk != walk)
    gone = list(await tx.conn.scalars(select(index_accounts.c.number).where(unseen)))
    await _drop(tx, gone)
    return len(gone)


# -- looking up ------------------------------------------------------------------------------------------------


async def search(tx: Tx, query: str, *, directories: Collection[str], limit: int) -> tuple[Choice, ...]:
    """Return the accounts of which every word of the query starts a word: of login, mail or name, or the department's.

    Case and accents do not matter. Whose login it is comes first, then whose own words match, in the words' order.
    """
    words = await _rarest_first(tx, query_words(query))
    if not words or not directories:
        return ()
    found = dict.fromkeys(await _exactly(tx, words[0], directories, limit) if len(words) == 1 else ())
    for rank in (PERSON, DEPARTMENT):
        if len(found) < limit:
            found |= dict.fromkeys(await _scan(tx, rank, words, directories, limit))
    return await _choices(tx, list(found)[:limit])


async def near(tx: Tx, query: str, *, directories: Collection[str], limit: int) -> tuple[Choice, ...]:
    """Return accounts that the query may have meant: each word is replaced by one nearly the same, begun alike.

    A word that nothing is near to is left out, unless it is the only one.
    """
    if not directories:
        return ()
    replacements = []
    for word in query_words(query):
        candidates = await _candidates(tx, word, directories)
        if close := difflib.get_close_matches(word, candidates, n=MOST_CLOSE, cutoff=ALIKE):
            replacements.append(close)
    found: dict[int, None] = {}
    if replacements:
        for words in islice(product(*replacements), MOST_MEANINGS):
            if len(found) < limit:
                found |= dict.fromkeys(await _scan(tx, PERSON, await _rarest_first(tx, words), directories, limit))
    return await _choices(tx, list(found)[:limit])


async def exact_many(tx: Tx, names: Collection[str], directories: Collection[str]) -> Mapping[str, tuple[Choice, ...]]:
    """Return, for each of some names (0-1,000), the accounts whose login or mail address it is, in any case.

    Every name is a key of the answer; a name with more than one account is ambiguous, and not all of them need be told.
    """
    answers: dict[str, tuple[Choice, ...]] = dict.fromkeys(names, ())
    if directories:
        for some in _batches(list(answers)):
            numbers = await _answering(tx, {fold(name).strip()[:LONGEST_WORD] for name in some}, directories)
            by_name: dict[str, list[Choice]] = {}
            for choice in await _choices(tx, numbers):
                for spelling in {choice.login.casefold(), (choice.mail or "").casefold()}:
                    by_name.setdefault(spelling, []).append(choice)
            answers |= {name: tuple(by_name.get(storable(name).casefold(), ())) for name in some if name}
    return answers


async def by_slack(tx: Tx, slack_user: str) -> tuple[Choice, ...]:
    """Return the accounts whose directory says that they are this Slack user's."""
    theirs = select(index_accounts).where(index_accounts.c.slack_user == slack_user)
    rows = await tx.conn.execute(theirs.order_by(index_accounts.c.directory, index_accounts.c.account_id))
    return tuple(_choice(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one account as the index knows them, and when it saw each change; None for never."""

    mail: str | None
    mail_changed_at: datetime | None
    recovery: str | None
    recovery_changed_at: datetime | None


async def addresses(tx: Tx, directory: str, account_id: str) -> Addresses | None:
    """Return what the index knows of an account's addresses; None for an account that it does not know."""
    return (await addresses_many(tx, directory, [account_id])).get(account_id)


async def addresses_many(tx: Tx, directory: str, ids: Sequence[str]) -> Mapping[str, Addresses]:
    """Return what the index knows of the addresses of many accounts; those that it does not know are missing."""
    return {
        account_id: Addresses(row.mail, row.mail_changed_at, row.recovery_mail, row.recovery_changed_at)
        for account_id, row in (await _known(tx, directory, list(ids))).items()
    }


async def count(tx: Tx, directory: str) -> int:
    """Say how many accounts of a directory the index holds."""
    mine = select(func.count()).select_from(index_accounts).where(index_accounts.c.directory == directory)
    return await tx.conn.scalar(mine) or 0


# -- within ----------------------------------------------------------------------------------------------------


def _values(directory: str, account: Account) -> dict[str, Any]:
    return {
        "directory": directory,
        "account_id": account.id,
        "login": storable(account.login),
        "name": storable(account.name),
        "names": storable(f"{account.given_name} {account.family_name}"),
        "mail": None if account.mail is None else storable(account.mail),
        "recovery_mail": None if account.recovery_mail is None else storable(account.recovery_mail),
        "department": None if account.department is None else storable(account.department),
        "slack_user": account.slack_user,
    }


def _moved(before: Row[Any], values: dict[str, Any], now: datetime) -> dict[str, datetime | None]:
    """Return when each address was last seen to change, with what is seen now."""
    times: dict[str, datetime | None] = {}
    for address, when in (("mail", "mail_changed_at"), ("recovery_mail", "recovery_changed_at")):
        moved = (getattr(before, address) or "").casefold() != (values[address] or "").casefold()
        times[when] = now if moved else getattr(before, when)
    return times


def _batches(some: list[Item]) -> Iterable[list[Item]]:
    return (some[start : start + BATCH] for start in range(0, len(some), BATCH))


async def _known(tx: Tx, directory: str, ids: list[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for some in _batches(ids):
        rows = await tx.conn.execute(_KNOWN, {"of": directory, "ids": some})
        found |= {row.account_id: row for row in rows}
    return found


async def _drop(tx: Tx, numbers: list[int]) -> None:
    for some in _batches(numbers):
        await tx.conn.execute(delete(index_words).where(index_words.c.number.in_(some)))
        await tx.conn.execute(delete(index_accounts).where(index_accounts.c.number.in_(some)))


async def _mark_row(tx: Tx, directory: str) -> None:
    await tx.insert_once(index_marks, {"directory": directory, "walk": 0})


def _starts(nth: int, words: Any = index_words) -> ColumnElement[bool]:
    """Say of a word that it starts with the nth of those that are asked for."""
    return and_(words.c.word >= bindparam(f"begin{nth}"), words.c.word < bindparam(f"end{nth}"))


def _started(*words: str) -> dict[str, str]:
    """Return the values for `_starts`."""
    ends = {f"end{nth}": word + AFTER_ALL for nth, word in enumerate(words)}
    return ends | {f"begin{nth}": word for nth, word in enumerate(words)}


_SOME = select(index_words.c.number).where(index_words.c.rank == bindparam("rank_"), _starts(0)).limit(ENOUGH)
_COUNT = select(func.count()).select_from(_SOME.subquery())
_LENGTH = func.length(index_words.c.word)
_ALIKE = (
    select(index_words.c.word)
    .distinct()
    .where(index_words.c.rank.in_([PERSON, SHORT]), _starts(0), index_words.c.directory.in_(_DIRECTORIES))
    .where(_LENGTH.between(bindparam("shortest", type_=Integer), bindparam("longest", type_=Integer)))
    .limit(MOST_NEAR)
)


@lru_cache
def _scanning(others: int) -> Select[tuple[int]]:
    """Build a scan for one word that looks up so many others at what it finds."""
    conditions = [
        index_words.c.rank == bindparam("rank_"),
        _starts(0),
        index_words.c.directory.in_(_DIRECTORIES),
    ]
    for nth in range(1, others + 1):
        other = index_words.alias()
        conditions.append(exists().where(other.c.number == index_words.c.number, _starts(nth, other)))
    found = select(index_words.c.number).where(*conditions).order_by(index_words.c.word)
    return found.limit(bindparam("most", type_=Integer))


async def _rarest_first(tx: Tx, words: Sequence[str]) -> list[str]:
    """Sort words: the first is scanned, the others are only looked up at what it finds."""
    if len(words) < 2:  # noqa: PLR2004  # nothing to sort
        return list(words)
    counts = {word: await _count(tx, word) for word in words}
    return sorted(words, key=lambda word: counts[word])


async def _count(tx: Tx, word: str) -> int:
    """Say how many rows a word finds, as far as it matters."""
    total = 0
    for rank in (PERSON, DEPARTMENT):
        total += await tx.conn.scalar(_COUNT, {"rank_": rank, **_started(word)}) or 0
    return total


async def _exactly(tx: Tx, word: str, directories: Collection[str], limit: int) -> list[int]:
    asked = {"word_": word, "directories": list(directories), "most": limit}
    return list(await tx.conn.scalars(_SAME_LOGIN, asked))


async def _answering(tx: Tx, words: Collection[str], directories: Collection[str]) -> list[int]:
    """Return the accounts of which one of the words is the whole login or, where it looks like one, an address.

    Somebody's name may be a login too ("anna"), so only what has an @ is looked for among all words.
    """
    found: dict[int, None] = {}
    for ranks, some in (((LOGIN,), sorted(words)), ((PERSON, SHORT), sorted(word for word in words if "@" in word))):
        spelled = index_words.c.rank.in_(ranks) & index_words.c.word.in_(some)
        those = select(index_words.c.number).where(spelled, index_words.c.directory.in_(directories))
        numbers = list(await tx.conn.scalars(those.limit(ENOUGH))) if some else []
        if len(numbers) == ENOUGH and len(words) > 1:  # a hostile crowd under one name must not hide the others
            half = len(words) // 2
            parts = (sorted(words)[:half], sorted(words)[half:])
            return [number for part in parts for number in await _answering(tx, part, directories)]
        found |= dict.fromkeys(numbers)
    return list(found)


async def _scan(tx: Tx, rank: int, words: list[str], directories: Collection[str], limit: int) -> list[int]:
    """Return the accounts that the first word finds and the others agree to; one may be there several times."""
    several = limit * 3  # one account may be found by several of its words
    asked = {"rank_": rank, "directories": list(directories), "most": several, **_started(*words)}
    return list(await tx.conn.scalars(_scanning(len(words) - 1), asked))


async def _candidates(tx: Tx, word: str, directories: Collection[str]) -> list[str]:
    for letters in (SHARED_LETTERS, SHARED_LETTERS + 1):
        lengths = {"shortest": len(word) - LENGTH_APART, "longest": len(word) + LENGTH_APART}
        asked = {"directories": list(directories), **lengths, **_started(word[:letters])}
        found = list(await tx.conn.scalars(_ALIKE, asked))
        if len(found) < MOST_NEAR:
            break
    return found


async def _choices(tx: Tx, numbers: Sequence[int]) -> tuple[Choice, ...]:
    found: dict[int, Choice] = {}
    for some in _batches(list(numbers)):
        rows = await tx.conn.execute(_NUMBERED, {"numbers": some})
        found |= {row.number: _choice(row) for row in rows}
    return tuple(found[number] for number in numbers if number in found)


def _choice(row: Row[Any]) -> Choice:
    return Choice(
        directory=row.directory,
        account_id=row.account_id,
        login=row.login,
        name=row.name,
        mail=row.mail,
        department=row.department,
    )
