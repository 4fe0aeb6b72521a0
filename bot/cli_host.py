"""What the commands at the host share: the house, the admin in whose name they act, the code, and who does the work."""

from __future__ import annotations

import asyncio
import fcntl
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from sqlalchemy import make_url

from bot.errors import OperatorError
from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from bot.assembly import House
    from bot.door import Door
    from desk.tools import Tools
    from resets.actor import Actor
    from store.admins import AdminRow
    from store.runs import Run

Result = TypeVar("Result")

TRIES = 3
AGAIN = frozenset({Reason.CODE_MALFORMED, Reason.CODE_WRONG, Reason.CODE_SKEWED, Reason.CODE_USED})
MOST_RUNS = 10_000  # among which one is named by the beginning of its id
NO_CODE = "No code came, so nothing was done; type it on a terminal, or send it as one line of standard input."
NOBODY_WORKS = {
    "sqlite": "No worker runs on this store, so nothing is reset until one does; start `rekey serve`.",
    "postgresql": "No worker runs on this store, so nothing is reset until one does; start `rekey work` or "
    "`rekey serve`.",
}


class Host:
    """The house, open for one command. Between two deeds the loop stands, so that Ctrl-C ends a question at once."""

    def __init__(self, runner: asyncio.Runner, house: House) -> None:
        self._runner = runner
        self.house = house

    @property
    def tools(self) -> Tools:
        """What deeds work with."""
        return self.house.tools

    def do(self, deed: Coroutine[Any, Any, Result]) -> Result:
        """Do something in the house."""
        return self._runner.run(deed)

    def admin(self, named: str, directory: str | None) -> Actor:
        """Return the one enrolled admin with this login (or enrolment's id, or Slack user).

        Raises:
            OperatorError: there is none, or more than one.
        """
        from desk import enrol

        rows = [row for row in self.do(enrol.listing(self.tools)) if _is(row, named, directory)]
        if not rows:
            where = f" of {directory}" if directory else ""
            raise OperatorError(f"Nobody{where} is enrolled as {named!r}; `rekey admin list` shows who is.")
        if len(rows) > 1:
            raise OperatorError(
                f"More than one admin is enrolled as {named!r}; say which with --directory, or take the id in the "
                "first column of `rekey admin list`."
            )
        return rows[0].actor

    def run(self, named: str) -> Run:
        """Return the one run whose id begins so.

        Raises:
            OperatorError: there is none, or more than one.
        """
        wanted = named.strip().casefold()
        found = [run for run in self.do(self._newest()) if run.request_id.casefold().startswith(wanted)]
        exact = [run for run in found if run.request_id.casefold() == wanted]
        if wanted and len(exact or found) == 1:
            return (exact or found)[0]
        many = f"{len(found)} jobs begin" if found and wanted else "No job begins"
        raise OperatorError(f"{many} with {named!r}; `rekey jobs list` shows their ids.")

    async def _newest(self) -> tuple[Run, ...]:
        from store import runs

        async with self.tools.store.read() as tx:
            return await runs.newest(tx, MOST_RUNS)

    def proved(self, admin: Actor, deed: Callable[[str], Coroutine[Any, Any, Result]]) -> Result:
        """Ask for the admin's code and do what it proves; on a terminal, a wrong code may be typed again.

        Raises:
            Refused: whatever the deed refuses.
        """
        from views.words import sentence

        for left in range(TRIES - 1, -1, -1):
            try:
                return self.do(deed(code_of(admin)))
            except Refused as refused:
                if refused.reason not in AGAIN or not left or not sys.stdin.isatty():
                    raise
                click.echo(sentence(refused.reason, refused.facts), err=True)
        raise AssertionError

    def idle(self) -> str | None:
        """Return the sentence for a store on which nobody works; None where somebody does."""
        return self.do(idle(self.house))


def _is(row: AdminRow, named: str, directory: str | None) -> bool:
    who = row.actor
    same = named.casefold() == who.login.casefold() or named in (row.id, who.slack.user)
    return same and row.revoked_at is None and directory in (None, who.directory)


def code_of(admin: Actor) -> str:
    """Ask for a code: hidden on a terminal, else one line of standard input.

    Raises:
        OperatorError: nothing came.
    """
    if sys.stdin.isatty():
        from views.text import safe

        asked: str = click.prompt(f"The code of {safe(admin.login)}'s authenticator app", hide_input=True, err=True)
        return asked
    line = sys.stdin.readline().strip()
    if not line:
        raise OperatorError(NO_CODE)
    return line


async def idle(house: House) -> str | None:
    """Return the sentence for a store on which nobody works; None where somebody does."""
    url = make_url(house.settings.store.full_url)
    if house.tools.store.dialect == "sqlite":
        return NOBODY_WORKS["sqlite"] if not _locked(Path(f"{url.database}.worker")) else None
    from bot.crew import TTL
    from store import workers

    async with house.tools.store.read() as tx:
        return None if await workers.living(tx, TTL) else NOBODY_WORKS["postgresql"]


def _locked(path: Path) -> bool:
    """Say whether another process holds the worker's lock."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


@contextmanager
def at_host(door: Door) -> Iterator[Host]:
    """Open the house for a command and close it at its end; a refusal becomes its sentence.

    Raises:
        OperatorError: a sentence and a remedy.
    """
    door.quiet()
    settings = door.settings()
    from bot.assembly import open_house, store_failed
    from store.base import StoreFailed
    from views.words import sentence

    with asyncio.Runner() as runner:
        house = runner.run(open_house(settings))
        try:
            yield Host(runner, house)
        except Refused as refused:
            raise OperatorError(sentence(refused.reason, refused.facts)) from refused
        except StoreFailed as error:
            raise store_failed(error) from error
        finally:
            runner.run(house.close())
