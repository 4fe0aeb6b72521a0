"""Who may reset whom, as the settings and a directory have it at this moment; and whether that is what was expected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot import doctor_rules
from bot.assembly import clock, open_directory, rules
from bot.errors import ConfigError, OperatorError
from desk.standing import Standing
from directory.base import Ambiguous, DirectoryError
from directory.opening import Opening
from resets.actor import Actor, SlackPerson
from resets.request import Tier
from resets.ruling import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.settings import DirectorySection, Settings
    from bot.settings_rules import Expect
    from directory.base import Account, Directory, Finding
    from resets.reasons import Reason
    from resets.rules import Rules
    from resets.ruling import Ruling


@dataclass(slots=True)
class Cell:
    """Accounts of one tier, as one role meets them."""

    accounts: int = 0
    may: int = 0
    why_not: Counter[Reason] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Matrix:
    """One directory: for each role and tier, how many accounts it may reset, and why not the others."""

    directory: str
    accounts: int
    cells: Mapping[tuple[str, Tier], Cell]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one expectation. Without a ruling, nobody could be judged."""

    expect: Expect
    directory: str
    ruling: Ruling | None

    @property
    def holds(self) -> bool:
        """Whether it is as it was expected."""
        return self.ruling is not None and (self.ruling.reason is None) is self.expect.may


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that `rekey policy test` tells."""

    roles: tuple[str, ...]
    rules: Rules
    matrices: tuple[Matrix, ...]
    answers: tuple[Answer, ...]
    astray: tuple[tuple[str, Finding], ...]  # what the rules name in a directory, and is not there or cannot be read

    @property
    def ok(self) -> bool:
        """Whether everything is as it was expected, and everything that the rules name is there."""
        return not self.astray and all(answer.holds for answer in self.answers)


async def examine(settings: Settings, only: str | None) -> Policy:
    """Judge every account of the directories, or of one, by the rules of every role. Changes nothing.

    Raises:
        OperatorError: a directory did not answer, or there is none so called.
    """
    sections = [section for section in settings.directories if only in (None, section.name)]
    if not sections:
        if not settings.directories:
            raise ConfigError("There is no directory to look at; add a [[directories]] table, see docs/operating.md.")
        known = ", ".join(section.name for section in settings.directories)
        raise ConfigError(f"There is no directory called {only!r}; there is: {known}.")
    decided, roles = rules(settings), tuple(role.name for role in settings.roles)
    matrices: list[Matrix] = []
    answers: dict[int, list[Answer]] = {}
    astray: list[tuple[str, Finding]] = []
    for section in sections:
        directory = open_directory(section, clock, opening=Opening.LOOK)
        try:
            matrices.append(await _matrix(directory, roles, decided))
            named = await doctor_rules.named(directory, settings)
            astray += [(section.name, finding) for finding in named if not finding.ok]
            for number, expect in enumerate(settings.expect):
                if expect.directory in ("", section.name):
                    answers.setdefault(number, []).extend(await _answers(directory, expect, decided))
        except DirectoryError as error:
            raise OperatorError(_unanswered(section, error)) from error
        finally:
            await directory.close()
    asked = [
        answer
        for number, expect in enumerate(settings.expect)
        if expect.directory in ("", *(section.name for section in sections))
        for answer in answers.get(number) or [Answer(expect, expect.directory, None)]
    ]
    return Policy(roles, decided, tuple(matrices), tuple(asked), tuple(astray))


def _unanswered(section: DirectorySection, error: DirectoryError) -> str:
    called, why = section.display or section.name, error.detail or type(error).__name__
    return f"{called} could not be read ({why}), so nothing was judged; `rekey doctor` says what to mend."


async def _matrix(directory: Directory, roles: tuple[str, ...], decided: Rules) -> Matrix:
    cells = {(role, tier): Cell() for role in roles for tier in Tier}
    around = Standing(decided, directory, *roles, many=True)
    # All pages first: a walk holds a connection, and what is read around it may need the only other one.
    pages = [page async for page in directory.pages()]
    for page in pages:
        facts = await around.of([account.id for account in page.accounts])
        for account in page.accounts:
            for role in roles:
                ruled = judge(_anybody(role), directory.name, account, facts, decided)
                cell = cells[role, ruled.tier]
                cell.accounts += 1
                if ruled.reason is None:
                    cell.may += 1
                else:
                    cell.why_not[ruled.reason] += 1
    return Matrix(directory.name, sum(len(page.accounts) for page in pages), cells)


async def _answers(directory: Directory, expect: Expect, decided: Rules) -> list[Answer]:
    """Judge whoever answers to the login, the address or the id."""
    found: list[Account] = []
    try:
        one = await directory.find(expect.account)
        found = [one] if one else list((await directory.fetch([expect.account])).values())
    except Ambiguous as several:
        found = list(several.accounts)
    facts = await Standing(decided, directory, expect.role).of([account.id for account in found])
    return [
        Answer(expect, directory.name, judge(_anybody(expect.role), directory.name, account, facts, decided))
        for account in found
    ]


def _anybody(role: str) -> Actor:
    """Return somebody who holds a role and is nobody in particular: to nobody's own account."""
    return Actor("", SlackPerson("", ""), "", "", "", "", role)
