"""What a connector's row in the contract suite must be able to arrange, by other means than the connector.

A row joins in three steps: write `harness_<kind>.py` with a Harness, name it in ROWS, run `pytest tests/directory`.
Differences between directories are data on the class (`fields`, `unreachable`, ...), never branches in a test.
A method is needed only where the connector declares the capability that it serves; the suite asks for no other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from directory.base import Capability, DirectoryError, NotAllowed, Unreachable

if TYPE_CHECKING:
    from pathlib import Path

    from directory.base import Directory, PasswordPolicy

# kind -> "module:class"; imported only when its row runs, since a connector may need an extra
ROWS = {
    "local": "tests.directory.harness_local:LocalHarness",
    "ldap": "tests.directory.harness_ldap:LdapHarness",
}


class Sign(StrEnum):
    """What the directory itself says to a person who signs in, asked past the connector (ldapwhoami, sign_in, ...)."""

    YES = "yes"
    MUST_CHANGE = "must_change"  # the password is right and must be changed now
    NO = "no"


@dataclass(frozen=True, slots=True)
class Person:
    """An account to create. What a directory has no place for (see Harness.fields) is left at its default."""

    login: str = "ada.lovelace"
    name: str = "Ada Lovelace"
    given_name: str = "Ada"
    family_name: str = "Lovelace"
    mail: str | None = "ada.lovelace@example.test"
    password: str | None = "Analytical-engine-1843"
    recovery_mail: str | None = None
    department: str | None = None
    slack_user: str | None = None
    external: bool = False
    privileged: bool = False
    service: bool = False
    confirmed: bool = True


class Harness(ABC):
    """One kind of directory, real, on this machine, with another admin's hands on it.

    One object serves a whole test session: `up` and `down` start and stop the server (if there is one), `start` and
    `stop` frame one test and run in that test's event loop.
    """

    kind: ClassVar[str]
    directory: Directory  # what `start` gave, for this test
    # fields of Person, besides login, name, given_name, family_name, mail and password, that the directory can tell
    fields: ClassVar[frozenset[str]] = frozenset()
    # what may come up after `cut_off`, and after `withdraw_right`
    unreachable: ClassVar[tuple[type[DirectoryError], ...]] = (Unreachable,)
    refused: ClassVar[tuple[type[DirectoryError], ...]] = (NotAllowed,)
    # what may come up when a write was sent and no answer came; () where the directory cannot be made to hang
    silent: ClassVar[tuple[type[DirectoryError], ...]] = (Unreachable,)
    # declared capabilities whose promise cannot be arranged here, each with the reason; keep it empty
    excused: ClassVar[dict[Capability, str]] = {}

    def __init__(self, folder: Path) -> None:
        """Take a folder of one's own, empty, that lives as long as the test session."""
        self.folder = folder

    @classmethod
    def missing(cls) -> str | None:
        """Say what this machine lacks to run the row; None when nothing. A skip; under CI a failure."""
        return None

    def up(self) -> None:
        """Start the server, once a session."""

    def down(self) -> None:
        """Stop it."""

    @abstractmethod
    async def start(self) -> Directory:
        """Give an EMPTY directory and a connector open on it through `directory.registry.open_directory`."""

    @abstractmethod
    async def stop(self) -> None:
        """Close the connector and undo `cut_off`, `withdraw_right` and `hang`."""

    @abstractmethod
    async def make_account(self, person: Person) -> str:
        """Create an account; return its immutable id as the connector tells it."""

    @abstractmethod
    async def disable(self, account_id: str) -> None:
        """Disable it as another admin would."""

    @abstractmethod
    async def delete(self, account_id: str) -> None:
        """Delete it."""

    @abstractmethod
    async def move_mail(self, account_id: str, mail: str) -> None:
        """Give it another mail address."""

    @abstractmethod
    async def sign_in(self, account_id: str, password: str) -> Sign:
        """Sign in as that person, past the connector."""

    @abstractmethod
    async def change_password(self, account_id: str, old: str, new: str) -> None:
        """Change the password as that person."""

    @abstractmethod
    async def set_policy(self, policy: PasswordPolicy) -> None:
        """Put a password policy in force for everybody: the suite sets min_length, history and nothing else."""

    @abstractmethod
    async def cut_off(self) -> None:
        """Make the directory give no answer from now on (stopped, port closed, file gone)."""

    @abstractmethod
    async def withdraw_right(self) -> None:
        """Take the right to write passwords from our service account; reading goes on."""

    async def hang(self) -> None:
        """Let writes be taken and never answered (a proxy that swallows). Needed unless `silent` is empty."""
        raise NotImplementedError

    # -- needed where the capability is declared -----------------------------------------------------------

    async def lock(self, account_id: str) -> None:
        """Lock it as the directory does: by wrong passwords (UNLOCK)."""
        raise NotImplementedError

    async def join(self, account_id: str, group: str) -> str:
        """Make it a direct member of a group, created as needed; return the group's text in `groups()` (GROUPS)."""
        raise NotImplementedError

    async def nest(self, group: str, inside: str) -> str:
        """Make a group a member of another, created as needed; return the OUTER group's text (GROUPS)."""
        raise NotImplementedError

    async def manage(self, account_id: str, manager_id: str) -> None:
        """Name somebody as the person's manager (MANAGER)."""
        raise NotImplementedError

    async def open_session(self, account_id: str) -> str:
        """Sign in and stay; return a handle (REVOKE_SESSIONS)."""
        raise NotImplementedError

    async def issue_token(self, account_id: str) -> str:
        """Issue an API token; return a handle (REVOKE_TOKENS)."""
        raise NotImplementedError

    async def lives(self, handle: str) -> bool:
        """Say whether a session or a token still opens the door (REVOKE_SESSIONS, REVOKE_TOKENS)."""
        raise NotImplementedError

    async def add_domain(self, name: str, *, verified: bool) -> None:
        """Add a mail domain (VERIFIED_DOMAINS)."""
        raise NotImplementedError
