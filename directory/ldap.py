"""OpenLDAP, over TLS, with a service account that may set passwords and may not get round the password policy.

What the server must give: the overlays ppolicy (with `ppolicy_hash_cleartext`) and, for `last_sign_in`, `lastbind on`;
`=w` on people's userPassword and `write` on their pwdReset and pwdAccountLockedTime; `read` on all else that is named
in the settings; unlimited paged results (`size.prtotal=unlimited`); indexes on entryUUID, entryCSN, login, mail and
member.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import ldap
from ldap.controls.libldap import AssertionControl
from ldap.controls.ppolicy import PasswordPolicyControl

from directory.base import (
    Account,
    AccountGone,
    Ambiguous,
    BadAnswer,
    CannotDo,
    Capability,
    Directory,
    Finding,
    Group,
    NotAllowed,
    Page,
    PasswordPolicy,
    PasswordRejected,
    Written,
)
from directory.ldap_check import check
from directory.ldap_entry import CSN, STATE, UUID, Entry, account, attributes
from directory.ldap_errors import EXPIRED, told_of_password
from directory.ldap_groups import batches, find_groups, group, groups_of, inside, place
from directory.ldap_options import LdapOptions
from directory.ldap_policy import Policies
from directory.ldap_pool import Pool
from directory.ldap_recent import Crowds, Recent, Sight
from directory.ldap_search import CHUNK, Marks, any_of, by_id, chunks, manager, pages, search
from directory.ldap_write import WHAT_CAME_OF_IT, folded, guard, is_unicode, modify, post_read, value_of
from directory.misconfigured import Misconfigured
from directory.opening import Opening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from directory.ldap_pool import Connection
    from directory.secret import Secret

MOST_FOUND = 20  # accounts that an Ambiguous tells of
LONGEST_NAME = 256  # characters of a login or an address that is worth asking for
TURN = 100  # entries of a page, after which others have a turn: a walk is never in anybody's way for long
CLOCKS_APART = timedelta(milliseconds=50)  # slapd's idea of now lags by a tick of the kernel even on one machine
ASK_POLICY = PasswordPolicyControl()
LAST_SIGN_IN = ("pwdLastSuccess", "authTimestamp")  # `lastbind on` since 2.5; the overlay of that name before


class LdapDirectory(Directory):
    """One OpenLDAP server. Use it from one event loop."""

    kind: ClassVar[str] = "ldap"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.MUST_CHANGE,
            Capability.UNLOCK,
            Capability.GROUPS,
            Capability.PASSWORD_POLICY,
            Capability.LAST_SIGN_IN,
            Capability.VERIFY_PASSWORD,
            Capability.CHANGES,
            Capability.MANAGER,
            Capability.MEMBERS,
        }
    )
    Options = LdapOptions

    def __init__(self, name: str, options: LdapOptions, pool: Pool, clock: Callable[[], datetime]) -> None:
        super().__init__(name)
        self._options = options
        self._pool = pool
        self._clock = clock
        self._recent = Recent(clock)
        self._crowds = Crowds(clock)
        self._policies = Policies(options, clock)

    @classmethod
    def open(
        cls,
        name: str,
        options: LdapOptions,
        *,
        clock: Callable[[], datetime],
        opening: Opening = Opening.USE,  # noqa: ARG003 - a server is never made
    ) -> LdapDirectory:
        """Build it; nothing is connected yet.

        Raises:
            Misconfigured: `ca_file` holds no certificates that can be read.
        """
        try:
            context = ssl.create_default_context(cafile=options.ca_file)
        except (OSError, ssl.SSLError):
            raise Misconfigured(
                "ca_file",
                f"{options.ca_file} holds no certificate that can be read.",
                "Name a PEM file with the certificate of the authority that signed the server's.",
            ) from None
        return cls(name, options, Pool(options, context, name), clock)

    async def close(self) -> None:
        """Let go of connections. May be called twice."""
        await self._pool.close()

    # -- reading -------------------------------------------------------------------------------------------

    async def find(self, ident: str) -> Account | None:
        """Find the account whose login or mail address is exactly `ident` (any case), or None."""
        accounts = (await self.find_many([ident]))[ident]
        if len(accounts) > 1:
            raise Ambiguous("more than one entry", accounts=accounts)
        return accounts[0] if accounts else None

    async def find_many(self, idents: Sequence[str]) -> Mapping[str, tuple[Account, ...]]:
        """Find by many logins or mail addresses, a hundred in one search."""
        o, read_at = self._options, self._recent.now()
        asked = {i: folded(i) if len(i) <= LONGEST_NAME and is_unicode(i) else "" for i in idents}
        names = {name: i.strip() for i, name in asked.items() if name}
        answers: dict[str, dict[str, Entry]] = {name: {} for name in names}
        size = o.page_size if len(names) > 1 else min(o.page_size, MOST_FOUND + 1)
        async with self._pool.take() as conn:
            for chunk in chunks(names.values(), CHUNK // 2):
                either = "".join(any_of(name, chunk) for name in (o.login, o.mail))
                walk = pages(conn, o.base, f"(&{o.people_filter}(|{either}))", attributes(o), size)
                async with aclosing(walk) as read_pages:
                    async for page in read_pages:
                        self._sort(page, answers)
                        # one name alone: more need not be read of those who share it
                        if len(names) == 1 and any(len(e) >= MOST_FOUND for e in answers.values()):
                            break
            entries = {entry.uuid: entry for found in answers.values() for entry in found.values()}
            accounts = {a.id: a for a in await self._accounts(conn, entries.values(), read_at=read_at)}
        return {i: tuple(accounts[e] for e in answers.get(name, ()) if e in accounts) for i, name in asked.items()}

    def _sort(self, page: Iterable[Entry], answers: Mapping[str, dict[str, Entry]]) -> None:
        """Give each entry to the names that it answers to; the server's matching is more generous than "exactly"."""
        o = self._options
        for entry in page:
            for name in set(map(folded, (*entry.texts(o.login), *entry.texts(o.mail)))) & answers.keys():
                if len(answers[name]) < MOST_FOUND:
                    answers[name][entry.uuid] = entry

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Account]:
        """Read accounts anew by their entryUUIDs; one that is gone is missing from the answer."""
        o, wanted, read_at = self._options, dict.fromkeys(ids), self._recent.now()
        found: list[Entry] = []
        async with self._pool.take() as conn:
            for chunk in chunks(filter(UUID.fullmatch, wanted)):
                condition = f"(&{o.people_filter}{any_of('entryUUID', chunk)})"
                found += await search(conn, o.base, condition, attributes(o))
            accounts = await self._accounts(conn, found, read_at=read_at)
        return {a.id: a for a in accounts if a.id in wanted}

    async def pages(self, since: str | None = None) -> AsyncIterator[Page]:
        """Walk over all accounts, or over those changed since a marker; LDAP does not tell of deleted ones.

        The marker is an entryCSN, and never later than `overlap` before the walk began: what changes while we read, or
        reaches a replica late, is given again next time rather than missed.
        """
        o = self._options
        since = since if since and CSN.fullmatch(since) else None
        changed = f"(entryCSN>={since})(!(entryCSN={since}))" if since else ""
        bound = f"{self._clock() - timedelta(seconds=o.overlap):%Y%m%d%H%M%S.%f}Z#000000#000#000000"
        newest = since or ""
        held: Page | None = None  # the last page alone carries the marker
        async with self._pool.take() as conn:
            marks = None if since else await Marks.read(conn, o)
            walk = pages(conn, o.base, f"(&{o.people_filter}{changed})", attributes(o), o.page_size)
            async with aclosing(walk) as read_pages:
                async for found in read_pages:
                    newest = max([newest, *(e.csn for e in found if e.csn)])
                    accounts = await self._accounts(conn, found, marks)
                    if accounts and held:
                        yield held
                    held = Page(tuple(accounts)) if accounts else held
        if held:
            yield replace(held, marker=min(newest, bound) or None)

    async def _accounts(
        self, conn: Connection, found: Iterable[Entry], marks: Marks | None = None, *, read_at: datetime | None = None
    ) -> list[Account]:
        """Make accounts of entries; with `read_at`, what a write needs of them is remembered for half a minute."""
        o, found, policies = self._options, list(found), Policies(self._options, self._clock)
        if not found:
            return []
        ids = [entry.uuid for entry in found]
        marks = marks or await Marks.read(conn, o, ids)
        accounts = []
        for number, (account_id, entry) in enumerate(zip(ids, found, strict=True)):
            if number % TURN == TURN - 1:
                await asyncio.sleep(0)
            locked = await self._locked(conn, entry, policies)
            accounts.append(account(entry, o, marks=marks.of(account_id), locked=locked))
            if read_at is not None and not entry.disabled:
                self._recent.note(account_id, Sight.of(entry), read_at)
        return [a for a in accounts if a is not None]

    async def _locked(self, conn: Connection, entry: Entry, policies: Policies) -> bool:
        """Say whether a lock is in force; slapd leaves its mark there when it has run out."""
        if entry.locked_at is None:
            return False
        try:
            policy = await policies.of(conn, entry.text("pwdPolicySubentry"))
        except NotAllowed:
            return True
        return policy.holds(entry.locked_at, self._clock())

    # -- writing -------------------------------------------------------------------------------------------

    async def set_password(self, account: Account, password: Secret, *, must_change: bool) -> Written:
        """Replace the password and set or clear pwdReset, in one modify that an administrator's disabling foils.

        Setting a password lifts a lock, and in slapd it would also enable a disabled account: the assertion control
        (RFC 4528) makes the server look at the moment of writing. The post-read control (RFC 4527) tells the marker of
        this very write.
        """
        value = value_of(password)
        seen = self._recent.take(account.id)
        try:
            if seen is not None:
                with suppress(AccountGone):  # moved, disabled or given a password since: look again
                    return await self._replace(account, seen, value, must_change=must_change, still=seen.still)
            seen = await self._look(account)
            return await self._replace(account, seen, value, must_change=must_change)
        except PasswordRejected:
            self._policies.forget()  # it was made after a policy that may have become stricter
            raise

    async def _look(self, account: Account) -> Sight:
        async with self._pool.take() as conn:
            entry = await by_id(conn, self._options, account.id, STATE)
        if entry.disabled:
            raise AccountGone("disabled")
        return Sight.of(entry)

    async def _replace(
        self, account: Account, seen: Sight, value: bytes, *, must_change: bool, still: str = ""
    ) -> Written:
        await self._another_second(seen.changed_at)
        async with self._pool.take_for_password() as conn:
            must_change = must_change and (await self._policies.of(conn, seen.policy)).must_change
            controls = [AssertionControl(True, guard(self._options, account, still)), WHAT_CAME_OF_IT, ASK_POLICY]
            changes = [
                (ldap.MOD_REPLACE, "userPassword", [value]),
                (ldap.MOD_REPLACE, "pwdReset", [b"TRUE"] if must_change else None),
            ]
            after = await modify(conn, seen.dn, changes, controls, tell=told_of_password)
        entry = Entry(seen.dn, post_read(after))
        try:
            return Written(marker=entry.text("pwdChangedTime"), must_change=entry.flag("pwdReset"))
        except BadAnswer as error:
            raise BadAnswer(error.detail, sent=True) from None

    async def _must_change(self, account: Account) -> None:
        async with self._pool.take() as conn:
            entry = await by_id(conn, self._options, account.id, attributes(self._options))
            if not (await self._policies.of(conn, entry.text("pwdPolicySubentry"))).must_change:
                raise CannotDo("the policy in force has pwdMustChange FALSE, so that pwdReset is without effect")
            await self._mark(conn, entry, account, "pwdReset", [b"TRUE"])

    async def _unlock(self, account: Account) -> None:
        async with self._pool.take() as conn:
            entry = await by_id(conn, self._options, account.id, attributes(self._options))
            if entry.locked_at is not None:
                await self._mark(conn, entry, account, "pwdAccountLockedTime", None)

    async def _mark(
        self, conn: Connection, entry: Entry, account: Account, name: str, values: list[bytes] | None
    ) -> None:
        control = AssertionControl(True, guard(self._options, account))
        await modify(conn, entry.dn, [(ldap.MOD_REPLACE, name, values)], [control])

    async def _another_second(self, changed: datetime | None) -> None:
        """Wait until the second is over in which the password was last set: pwdChangedTime has no finer grain.

        No connection is held meanwhile, and whose password is older does not wait.
        """
        if changed is not None:
            left = changed + timedelta(seconds=1) + CLOCKS_APART - self._clock()
            if timedelta(0) < left <= timedelta(seconds=2):  # beyond that the clocks differ, and waiting is in vain
                await asyncio.sleep(left.total_seconds())

    # -- what else it can do -------------------------------------------------------------------------------

    async def _groups(self, account: Account) -> tuple[str, ...]:
        async with self._pool.take() as conn:
            entry = await by_id(conn, self._options, account.id, [self._options.login])
            return await groups_of(conn, self._options, entry)

    async def _manager(self, account: Account) -> Account | None:
        async with self._pool.take() as conn:
            entry = await manager(conn, self._options, account.id, attributes(self._options))
            found = await self._accounts(conn, [entry] if entry else [])
        return found[0] if found else None

    async def _find_groups(self, query: str, limit: int) -> tuple[Group, ...]:
        async with self._pool.take() as conn:
            return await find_groups(conn, self._options, query, limit)

    async def _group(self, group_id: str) -> Group | None:
        async with self._pool.take() as conn:
            return await group(conn, self._options, group_id)

    def _members(self, group_id: str) -> AsyncIterator[tuple[str, ...]]:
        return batches(self._pool, self._options, group_id)

    async def _place(self, name: str) -> Group | None:
        async with self._pool.take() as conn:
            return await place(conn, self._options, name)

    async def _inside(self, group: Group, ids: Sequence[str]) -> frozenset[str]:
        found = await inside(self._pool, self._options, group.id, ids)
        if found is None:
            found = frozenset(ids) & await self._crowds.of(group.id, lambda: self._everybody(group.id))
        return found

    async def _everybody(self, group_id: str) -> frozenset[str]:
        return frozenset([each async for batch in self._members(group_id) for each in batch])

    async def _password_policy(self, account: Account) -> PasswordPolicy:
        seen = self._recent.of(account.id)
        policy = self._policies.known(seen.policy) if seen else None
        if policy is None:
            async with self._pool.take() as conn:
                if seen is None:
                    seen = Sight.of(await by_id(conn, self._options, account.id, STATE))
                policy = await self._policies.of(conn, seen.policy)
        return policy.told(self._options)

    async def _last_sign_in(self, account: Account) -> datetime | None:
        async with self._pool.take() as conn:
            entry = await by_id(conn, self._options, account.id, LAST_SIGN_IN)
        times = [time for name in LAST_SIGN_IN if (time := entry.time(name))]
        return max(times, default=None)

    async def _verify_password(self, account: Account, password: Secret) -> bool:
        if not password or not is_unicode(password.reveal()):
            return False  # RFC 4513, 5.1.2: a bind with an empty password succeeds, as nobody
        async with self._pool.take() as conn:
            entry = await by_id(conn, self._options, account.id, attributes(self._options))
            if entry.disabled or await self._locked(conn, entry, Policies(self._options, self._clock)):
                raise AccountGone("disabled or locked: the server refuses the right password too")
        async with self._pool.stranger() as conn:
            answer = await conn.bind(entry.dn, password)
        return answer.ok or answer.policy == EXPIRED  # ppolicy looks at the age of right passwords only

    async def check(self) -> list[Finding]:
        """Connect, sign in, find, and see whether the right to reset is there and no more than that."""
        return await check(self._pool, self._options, Policies(self._options, self._clock))
