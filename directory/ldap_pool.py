"""A bounded pool of LDAP connections. libldap blocks: calls run in threads of our own, or where nothing can block."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import ldap
from ldap.controls.ppolicy import PasswordPolicyControl

from directory.base import BadAnswer, NotAllowed, NotNow, Unreachable
from directory.ldap_errors import HARMLESS, policy_error, told
from directory.ldap_wire import open_wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable
    from concurrent.futures import Executor
    from contextlib import AbstractAsyncContextManager

    from directory.base import DirectoryError
    from directory.ldap_options import LdapOptions
    from directory.ldap_wire import Wire
    from directory.secret import Secret

T = TypeVar("T")
IDLE = 60.0  # seconds after which an unused connection is not trusted any more: firewalls forget silently
# libldap must have an address to which it could reconnect by itself; this one never answers
NOWHERE = "ldapi://%2Fdev%2Fnull"


class Connection:
    """One connection, used by one task at a time. After an error it is not used again, but for a plain "no"."""

    def __init__(self, wire: Wire, library: Any, threads: Executor, seconds: float) -> None:
        self._wire = wire
        self._library = library
        self._threads = threads
        self._seconds = seconds
        self._sound = True
        self.used_at = 0.0

    @property
    def sound(self) -> bool:
        """Whether it may be used for one more call, as far as we know; only true while none is under way."""
        return self._sound and self._wire.joined

    @property
    def usable(self) -> bool:
        """Whether it is sound, and the server has not said farewell meanwhile."""
        return self._sound and self._wire.quiet

    async def call(
        self,
        deed: Callable[[Any], T],
        *,
        sent: bool = False,
        tell: Callable[[Exception], DirectoryError] | None = None,
    ) -> T:
        """Run `deed(library)` in a thread and wait for it, at most the timeout.

        Args:
            deed: makes one call of python-ldap; whatever it raises else is taken for nonsense from the wire.
            sent: it writes, so that silence means that it MAY have happened.
            tell: turns python-ldap's error into ours where `told` does not say enough.

        Raises:
            DirectoryError: as `told` says.
        """

        async def done() -> T:
            future = asyncio.get_running_loop().run_in_executor(self._threads, deed, self._library)
            future.add_done_callback(_seen)
            return await asyncio.shield(future)

        return await self._in_time(done(), sent=sent, tell=tell)

    async def ask(
        self,
        send: Callable[[Any], int],
        take: Callable[[Any, int], T],
        *,
        tell: Callable[[Exception], DirectoryError] | None = None,
    ) -> T:
        """Write something, and wait for the answer on the loop itself: a thread costs more than all of a short call.

        Args:
            send: makes one call of python-ldap that sends less than 64 KiB and returns the message's number.
            take: reads the answer, which is there as a whole, without waiting for more.
            tell: as in `call`.

        Raises:
            DirectoryError: as `told` says; what was sent MAY have been done where there is no answer.
        """

        async def done() -> T:
            answer = self._wire.whole_answer()
            number = send(self._library)
            self._wire.hurry()
            await answer
            return take(self._library, number)

        return await self._in_time(done(), sent=True, tell=tell)

    async def _in_time(
        self, doing: Awaitable[T], *, sent: bool, tell: Callable[[Exception], DirectoryError] | None
    ) -> T:
        sound, self._sound = self._sound, False
        try:
            async with asyncio.timeout(self._seconds):
                answer = await doing
        except TimeoutError:
            raise Unreachable(f"no answer within {self._seconds:g} s", sent=sent) from None
        except ConnectionError:
            raise Unreachable("the connection ended", sent=sent) from None
        except ldap.LDAPError as error:
            self._sound = sound and isinstance(error, HARMLESS)
            # `from None`: the library's error carries DNs and the server's words, and a traceback would log them
            raise (tell(error) if tell else told(error, sent=sent)) from None
        except Exception as error:  # noqa: BLE001 - the library decodes what came with several libraries of its own
            raise BadAnswer(f"nonsense: {type(error).__name__}", sent=sent) from None
        else:
            self._sound = sound
            return answer
        finally:
            if not self._sound:
                self._wire.cut()  # wakes the thread, if it still waits

    async def bind(self, dn: str, password: Secret) -> Answer:
        """Sign in (RFC 4513, 5.1.3), asking for the policy's say; a refusal is an answer, not an error."""
        text = password.reveal()
        if not text:  # an empty password is an anonymous bind, which succeeds: RFC 4513, 5.1.2
            return Answer(ok=False)
        control = PasswordPolicyControl()

        def deed(library: Any) -> Answer:
            try:
                library.simple_bind_s(dn, text, serverctrls=[control])
            except ldap.INVALID_CREDENTIALS as error:
                return Answer(ok=False, policy=policy_error(error))
            return Answer(ok=True)

        return await self.call(deed)

    async def close(self) -> None:
        """Drop it. May be called twice."""
        self._sound = False
        await self._wire.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to a sign-in; `policy` is the password policy's error, where a refusal came with one."""

    ok: bool
    policy: int | None = None


class Pool:
    """At most `pool_size` connections, signed in as the service account, opened when needed and used again."""

    def __init__(self, options: LdapOptions, context: ssl.SSLContext, name: str) -> None:
        self._options = options
        self._context = context
        self._slots = asyncio.Semaphore(options.pool_size)
        self._passwords = asyncio.Semaphore(max(1, options.pool_size - 1))
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        # not the loop's own threads: the durable engine replaces those, and shuts them down before us
        self._threads = ThreadPoolExecutor(options.pool_size, f"ldap-{name}")
        self._closed = False

    def take(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection that is signed in as the service account.

        Raises:
            Unreachable: no connection; nothing was sent.
            NotAllowed: the service account is refused.
            NotNow: all connections were in use for the whole timeout.
        """
        return self._lend(self._slots)

    def take_for_password(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to set a password on, one less than there are: many at once leave one to who only looks.

        Raises as `take` does.
        """
        return self._lend(self._passwords, self._slots)

    @asynccontextmanager
    async def stranger(self) -> AsyncIterator[Connection]:
        """Lend a new connection that nobody is signed in on; it is closed afterwards. Raises as `take` does."""
        await self._turn(self._slots)
        try:
            conn = await self._connect()
            try:
                yield conn
            finally:
                await self._drop(conn)
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Drop all connections, also those in use. May be called twice."""
        self._closed = True
        self._idle.clear()
        for conn in tuple(self._open):
            await self._drop(conn)
        self._threads.shutdown(wait=False)

    @asynccontextmanager
    async def _lend(self, *turns: asyncio.Semaphore) -> AsyncIterator[Connection]:
        taken = []
        try:
            for each in turns:
                await self._turn(each)
                taken.append(each)
            conn = await self._warm() or await self._signed_in()
            try:
                yield conn
            finally:
                await self._give_back(conn)
        finally:
            for each in taken:
                each.release()

    async def _turn(self, turns: asyncio.Semaphore) -> None:
        if turns.locked():
            try:
                async with asyncio.timeout(self._options.timeout):
                    await turns.acquire()
            except TimeoutError:
                raise NotNow("every connection is in use") from None
        else:
            await turns.acquire()  # at once

    async def _warm(self) -> Connection | None:
        """Pick the connection that was used last; the wire tells of those that the server has closed meanwhile."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            conn = self._idle.pop()
            if conn.usable and now - conn.used_at < IDLE:
                return conn
            await self._drop(conn)
        return None

    async def _signed_in(self) -> Connection:
        conn = await self._connect()
        try:
            answer = await conn.bind(self._options.bind_dn, self._options.bind_password)
        except BaseException:
            await self._drop(conn)
            raise
        if not answer.ok:
            await self._drop(conn)
            raise NotAllowed("the service account's sign-in was refused")
        return conn

    async def _connect(self) -> Connection:
        if self._closed:
            raise Unreachable("the directory was closed")
        wire, near = await open_wire(self._options, self._context, self._threads)
        library = ldap.initialize(NOWHERE, fileno=near.detach())
        library.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
        # what /etc/ldap/ldap.conf, ~/.ldaprc and LDAP... variables may say otherwise
        library.set_option(ldap.OPT_REFERRALS, 0)  # else our password would go wherever a server points
        library.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)
        library.set_option(ldap.OPT_SIZELIMIT, 0)
        library.set_option(ldap.OPT_TIMELIMIT, 0)
        conn = Connection(wire, library, self._threads, self._options.timeout)
        self._open.add(conn)
        return conn

    async def _give_back(self, conn: Connection) -> None:
        if conn.sound and not self._closed:
            conn.used_at = asyncio.get_running_loop().time()
            self._idle.append(conn)
        else:
            await self._drop(conn)

    async def _drop(self, conn: Connection) -> None:
        self._open.discard(conn)
        await conn.close()


def _seen(future: asyncio.Future[Any]) -> None:
    """Take note of how a call ended that nobody waits for any more."""
    if not future.cancelled():
        future.exception()
