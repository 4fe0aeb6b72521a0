"""The part of the configuration that says who may reset whom."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from bot.section import Name, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLACE = re.compile(r"(group|ou):\s*(\S.*)", re.DOTALL)
TierName = Literal["standard", "sensitive", "privileged"]


def _place(text: str) -> str:
    if text and not PLACE.fullmatch(text):
        raise ValueError('must be "group:NAME" or "ou:NAME", where NAME is what the directory calls it')
    return text


def _entry(text: str) -> str:
    if not text.strip() or (text.startswith(("group:", "ou:")) and not PLACE.fullmatch(text)):
        raise ValueError('must be a login, an id, "group:NAME" or "ou:NAME"')
    return text.strip()


def _group(text: str) -> str:
    directory, slash, name = text.partition("/")
    if text and not (directory and slash and name.strip()):
        raise ValueError('must be "DIRECTORY/NAME", a directory of this file and a group in it')
    return text


def _account(text: str) -> str:
    if not text.strip():
        raise ValueError("must be a login, an address or an id of somebody in the directory")
    return text.strip()


def _some(tiers: tuple[str, ...]) -> tuple[str, ...]:
    if not tiers:
        raise ValueError("must name one tier at least; for a role that resets nobody write may = []")
    return tiers


TierNames = Annotated[tuple[TierName, ...], AfterValidator(_some)]
Within = Annotated[str, AfterValidator(_place)]
HeldBy = Annotated[str, AfterValidator(_group)]
Entry = Annotated[str, AfterValidator(_entry)]


class May(Section):
    """One rule of a role: which tiers it may reset, in which directory, within what."""

    directory: str = ""
    tiers: TierNames = ("standard",)
    within: Within = ""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.within and not self.directory:
            raise ValueError("within needs a directory beside it; write the one that the group or unit is in")
        return self


class Role(Section):
    """A role that an admin can be enrolled with."""

    name: Name = "helpdesk"
    security: bool = False
    group: HeldBy = ""
    may: tuple[May, ...] = (May(),)
    approves: bool = True


class Tiers(Section):
    """Whom the operator puts into a higher tier, besides what the directory says of them."""

    sensitive: tuple[Entry, ...] = ()
    privileged: tuple[Entry, ...] = ()


class Expect(Section):
    """What `rekey policy test` has to find true: whether a role may reset an account."""

    role: Name
    account: Annotated[str, AfterValidator(_account)]
    directory: str = ""
    may: bool


def mistakes(
    roles: Sequence[Role], directories: Sequence[str], expects: Sequence[Expect], late: Sequence[str]
) -> Iterator[str]:
    """Name whatever the rules, and `approvals.escalation`, say of directories and roles that there are none of."""
    names = [role.name for role in roles]
    for role in roles:
        named = role.group.partition("/")[0]
        if named and named not in directories:
            yield f"roles.{role.name}.group: {_missing('directory', named, directories)}"
        for number, may in enumerate(role.may, 1):
            if may.directory and may.directory not in directories:
                yield f"roles.{role.name}.may.{number}.directory: {_missing('directory', may.directory, directories)}"
    for number, expect in enumerate(expects, 1):
        if expect.role not in names:
            yield f"expect.{number}.role: {_missing('role', expect.role, names)}"
        if expect.directory and expect.directory not in directories:
            yield f"expect.{number}.directory: {_missing('directory', expect.directory, directories)}"
    for called in (name for name in late if name not in names):
        yield f"approvals.escalation: {_missing('role', called, names)}"


def _missing(what: str, named: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(named, known, n=1, cutoff=0.5)
    return f"there is no {what} {named!r}; {f'the nearest is {near[0]!r}' if near else 'add it, or name another'}"
