"""The row of the `local` directory: a file, and its own administrative functions as the other admin's hands."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import event

from directory.local import LocalDirectory
from directory.local_people import NewAccount
from directory.opening import Opening
from directory.registry import open_directory
from directory.secret import Secret
from tests.directory.harness import Harness, Person, Sign

if TYPE_CHECKING:
    from pathlib import Path

    from directory.base import Directory, DirectoryError, PasswordPolicy


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251


class LocalHarness(Harness):
    kind: ClassVar[str] = "local"
    fields: ClassVar[frozenset[str]] = frozenset(
        {"recovery_mail", "department", "slack_user", "external", "privileged", "service", "confirmed"}
    )
    silent: ClassVar[tuple[type[DirectoryError], ...]] = ()  # a file answers, or is not there

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._numbers = itertools.count()
        self._directory: LocalDirectory | None = None
        self._hands: LocalDirectory | None = None

    @property
    def hands(self) -> LocalDirectory:
        """The other admin's own opening of the same file."""
        assert self._hands is not None
        return self._hands

    async def start(self) -> Directory:
        self.path = self.folder / f"people-{next(self._numbers)}.db"
        settings = {"path": str(self.path), "busy_seconds": 5}
        self._directory = cast(
            LocalDirectory, open_directory("local", "corp", settings, clock=utc_now, opening=Opening.MAKE)
        )
        self._hands = cast(LocalDirectory, open_directory("local", "hands", settings, clock=utc_now))
        return self._directory

    async def stop(self) -> None:
        for one in (self._directory, self._hands):
            if one is not None:
                await one.close()

    async def make_account(self, person: Person) -> str:
        return await self.hands.add_account(
            NewAccount(
                login=person.login,
                name=person.name,
                given_name=person.given_name,
                family_name=person.family_name,
                mail=person.mail,
                recovery_mail=person.recovery_mail,
                department=person.department,
                slack_user=person.slack_user,
                password=Secret(person.password) if person.password is not None else None,
                admin=person.privileged,
                external=person.external,
                service=person.service,
                confirmed=person.confirmed,
            )
        )

    async def disable(self, account_id: str) -> None:
        await self.hands.disable(account_id)

    async def delete(self, account_id: str) -> None:
        await self.hands.delete_account(account_id)

    async def move_mail(self, account_id: str, mail: str) -> None:
        await self.hands.change_account(account_id, mail=mail)

    async def sign_in(self, account_id: str, password: str) -> Sign:
        told = await self.hands.sign_in(await self._login(account_id), Secret(password))
        if not told.ok:
            return Sign.NO
        return Sign.MUST_CHANGE if told.must_change else Sign.YES

    async def change_password(self, account_id: str, old: str, new: str) -> None:
        changed = await self.hands.change_own_password(await self._login(account_id), Secret(old), Secret(new))
        assert changed.ok

    async def set_policy(self, policy: PasswordPolicy) -> None:
        await self.hands.set_policy(replace(policy, forbid_names=False))

    async def cut_off(self) -> None:
        self.path.rename(self.path.with_suffix(".away"))

    async def withdraw_right(self) -> None:
        """Let SQLite itself refuse the connector's writes; file rights would not stop a test that runs as root."""
        assert self._directory is not None

        @event.listens_for(self._directory._parts.file.engine.sync_engine, "checkout")
        def read_only(connection: Any, _record: object, _proxy: object) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA query_only = ON")
            cursor.close()

    async def lock(self, account_id: str) -> None:
        login = await self._login(account_id)
        for _ in range(10):
            await self.hands.sign_in(login, Secret("not the password"))

    async def join(self, account_id: str, group: str) -> str:
        await self.hands.add_group(group, members=[account_id])
        return group

    async def nest(self, group: str, inside: str) -> str:
        await self.hands.add_group(inside, groups=[group])
        return inside

    async def manage(self, account_id: str, manager_id: str) -> None:
        await self.hands.change_account(account_id, manager=await self._login(manager_id))

    async def open_session(self, account_id: str) -> str:
        password = Person().password
        assert password is not None
        told = await self.hands.sign_in(await self._login(account_id), Secret(password))
        assert told.session is not None
        return told.session.reveal()

    async def issue_token(self, account_id: str) -> str:
        return (await self.hands.issue_token(account_id, "a script")).reveal()

    async def lives(self, handle: str) -> bool:
        return await self.hands.holder(Secret(handle)) is not None

    async def add_domain(self, name: str, *, verified: bool) -> None:
        await self.hands.add_domain(name, verified=verified)

    async def _login(self, account_id: str) -> str:
        return (await self.hands.fetch([account_id]))[account_id].login
