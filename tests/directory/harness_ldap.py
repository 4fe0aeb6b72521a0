"""The row of the `ldap` directory: a real slapd, and ldap-utils as the other admin's hands."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from directory.registry import open_directory
from tests.directory.harness import Harness, Person, Sign
from tests.support import slapd
from tests.support.ldap_tap import MODIFY, Tap
from tests.support.slapd import BASE, DEFAULT_POLICY, GROUPS, PEOPLE, SERVICE, SERVICE_PASSWORD, Slapd

if TYPE_CHECKING:
    from pathlib import Path

    from directory.base import Directory, PasswordPolicy

ADMINS = f"cn=directory-admins,{GROUPS}"
TIMEOUT = 2.0  # seconds
LONG_AGO = "20200101000000Z"


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251


def settings(server: Slapd, **more: object) -> dict[str, object]:
    """Write the settings of a connector to a slapd of ours, as an operator would."""
    usual: dict[str, object] = {
        "url": server.url,
        "ca_file": str(server.authority.ca),
        "base": BASE,
        "bind_dn": SERVICE,
        "bind_password": SERVICE_PASSWORD,
        "recovery_mail": "recoveryMail",
        "slack_user": "slackUser",
        "privileged_groups": [ADMINS],
        "external_filter": "(employeeType=contractor)",
        "service_filter": "(employeeType=service)",
        "unconfirmed_filter": "(employeeType=invited)",
        "default_policy_dn": DEFAULT_POLICY,
        "timeout": TIMEOUT,
        "overlap": 0,
    }
    return usual | more


def ldif(dn: str, values: list[tuple[str, str | None]]) -> str:
    """Write one LDIF record of a new entry, base64 throughout, so that any text is safe in it."""
    lines = [f"{name}:: {b64encode(text.encode()).decode()}" for name, text in values if text is not None]
    return "\n".join([f"dn: {dn}", *lines, "", ""])


class LdapHarness(Harness):
    kind: ClassVar[str] = "ldap"
    fields: ClassVar[frozenset[str]] = frozenset(
        {"recovery_mail", "department", "slack_user", "external", "privileged", "service", "confirmed"}
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._dns: dict[str, str] = {}
        self._tap: Tap | None = None

    @classmethod
    def missing(cls) -> str | None:
        return slapd.missing()

    def up(self) -> None:
        self.slapd = Slapd(self.folder)

    def down(self) -> None:
        self.slapd.down()

    async def start(self) -> Directory:
        self.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]))
        self._dns.clear()
        self.directory = open_directory("ldap", "corp", settings(self.slapd), clock=utc_now)
        return self.directory

    async def stop(self) -> None:
        await self.directory.close()
        if self._tap:
            await self._tap.close()
            self._tap = None
        self.slapd.down()

    async def make_account(self, person: Person) -> str:
        dn = f"uid={person.login},{PEOPLE}"
        kind = "contractor" if person.external else "service" if person.service else None
        values = [
            ("objectClass", "inetOrgPerson"),
            ("objectClass", "rekeyPerson"),
            ("uid", person.login),
            ("cn", person.name),
            ("givenName", person.given_name),
            ("sn", person.family_name),
            ("mail", person.mail),
            ("recoveryMail", person.recovery_mail),
            ("departmentNumber", person.department),
            ("slackUser", person.slack_user),
            ("employeeType", kind if person.confirmed else "invited"),
            ("userPassword", person.password),
            ("pwdChangedTime", LONG_AGO if person.password else None),
        ]
        self.slapd.admin(ldif(dn, values), relax=True)
        if person.privileged:
            self.slapd.admin(f"dn: {ADMINS}\nchangetype: modify\nadd: member\nmember: {dn}\n")
        account_id = self.slapd.read(dn, "entryUUID")["entryuuid"][0]
        self._dns[account_id] = dn
        return account_id

    async def manage(self, account_id: str, manager_id: str) -> None:
        self.slapd.replace(self._dns[account_id], "manager", self._dns[manager_id])

    async def disable(self, account_id: str) -> None:
        self.slapd.replace(self._dns[account_id], "pwdAccountLockedTime", "000001010000Z")

    async def delete(self, account_id: str) -> None:
        self.slapd.admin(f"dn: {self._dns[account_id]}\nchangetype: delete\n")

    async def move_mail(self, account_id: str, mail: str) -> None:
        self.slapd.replace(self._dns[account_id], "mail", mail)

    async def sign_in(self, account_id: str, password: str) -> Sign:
        done = self.slapd.whoami(self._dns[account_id], password)
        if done.returncode:
            return Sign.NO
        return Sign.MUST_CHANGE if "must be changed" in done.stderr else Sign.YES

    async def change_password(self, account_id: str, old: str, new: str) -> None:
        """Change it in another second than the last one: slapd's pwdChangedTime has no finer grain."""
        dn = self._dns[account_id]
        [last] = self.slapd.read(dn, "pwdChangedTime")["pwdchangedtime"]
        over = datetime.strptime(last, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
        await asyncio.sleep(max(0.0, (over - utc_now()).total_seconds()))
        self.slapd.passwd(dn, old, new)

    async def set_policy(self, policy: PasswordPolicy) -> None:
        self.slapd.replace(DEFAULT_POLICY, "pwdMinLength", str(policy.min_length))
        self.slapd.replace(DEFAULT_POLICY, "pwdInHistory", str(policy.history))

    async def cut_off(self) -> None:
        self.slapd.kill()

    async def withdraw_right(self) -> None:
        self.slapd.stop()
        self.slapd.configure(right="none")
        self.slapd.start()

    async def hang(self) -> None:
        """Put a proxy in slapd's place that hands on everything and swallows the answers to changes."""
        self.slapd.stop()
        address = self.slapd.move()
        self.slapd.start()
        self._tap = Tap(self.slapd, swallow={MODIFY})
        await self._tap.listen(address)

    async def lock(self, account_id: str) -> None:
        for _ in range(5):
            self.slapd.whoami(self._dns[account_id], "not the password")

    async def join(self, account_id: str, group: str) -> str:
        return self._put_in(group, self._dns[account_id])

    async def nest(self, group: str, inside: str) -> str:
        return self._put_in(inside, f"cn={group},{GROUPS}")

    def _put_in(self, group: str, member: str) -> str:
        dn = f"cn={group},{GROUPS}"
        with suppress(AssertionError):  # it is there already
            self.slapd.admin(ldif(dn, [("objectClass", "groupOfNames"), ("member", SERVICE)]))
        self.slapd.admin(f"dn: {dn}\nchangetype: modify\nadd: member\nmember: {member}\n")
        return dn
