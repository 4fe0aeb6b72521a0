"""What the engine is for: going on with jobs, and saying notices. What is unfinished is read from the rows."""

from __future__ import annotations

import ssl
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import ConfigError
from desk import chunk, run, speak, steer, tell
from desk.claim import Claim
from desk.tools import Tools, Work, WorkKind
from notify import mail, slack
from notify.base import Failed
from resets.reasons import Reason
from resets.saying import SayFile, SayMail, SaySlack
from store import chunks, jobs, outbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from slack_sdk.web.async_client import AsyncWebClient

    from bot.settings import Settings
    from notify.base import Said
    from notify.mail import MailServer


REST = timedelta(seconds=1)
MOST_CHUNKS = 2_000


def mail_server(settings: Settings) -> MailServer | None:
    """Return where mails go; None where the operator has named no server.

    Raises:
        ConfigError: `mail.ca_file` or `mail.sender` cannot be used.
    """
    told = settings.mail
    if not told.host:
        return None
    try:
        trust = ssl.create_default_context(cafile=told.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"mail.ca_file: {told.ca_file} holds no certificates in PEM; mend it.") from error
    try:
        return mail.MailServer(
            told.host, told.port, told.sender, told.tls, told.username, told.password or None, trust=trust
        )
    except ValueError as error:
        raise ConfigError("mail.sender must be one address, such as: IT desk <it@example.com>.") from error


class Duties:
    """The deeds that a worker does, each one step at a time."""

    def __init__(self, tools: Tools, slack_client: AsyncWebClient, server: MailServer | None) -> None:
        self._tools = tools
        self._slack = slack_client
        self._server = server
        self._rests = tell.Rests()

    async def do(self, work: Work) -> timedelta | None:
        """Do one step. Returns how long to wait before the next, or None when the work has ended, well or ill."""
        match work.kind:
            case WorkKind.NOTICE:
                return await self._say(work.id)
            case WorkKind.TELL:
                return await tell.go_on(self._tools, self._rests, work.id, self._say)
            case WorkKind.CHUNK:
                return await chunk.go_on(self._tools, work.id)
            case _:
                return await run.run(self._tools, work)

    async def _say(self, notice_id: str) -> timedelta | None:
        since = self._tools.watch()
        saying = await speak.prepare(self._tools, notice_id)
        if not isinstance(saying, SaySlack | SayFile | SayMail):
            return saying
        if not self._tools.fit():
            return REST  # others took this process for dead and say it: it is not said by two
        claim = Claim(self._tools, notice_id, saying.attempt, since)
        try:
            said = await self._said(saying, claim.holds)
        except Failed as failed:
            return await speak.failed(
                self._tools,
                notice_id,
                saying.attempt,
                failed.reason,
                after=failed.after,
                retryable=failed.retryable,
            )
        await speak.said(self._tools, notice_id, said.place, said.stamp)
        return None

    async def _said(self, saying: SaySlack | SayFile | SayMail, mine: Callable[[], Awaitable[bool]]) -> Said:
        if isinstance(saying, SaySlack):
            return await slack.say(self._slack, saying, team=self._tools.team, mine=mine)
        if isinstance(saying, SayFile):
            return await slack.say_file(self._slack, saying, team=self._tools.team, mine=mine)
        if self._server is None:
            raise Failed(Reason.MAIL_DOWN, retryable=False)
        return await mail.send(self._server, saying, now=self._tools.clock())

    async def unfinished(self) -> tuple[Work, ...]:
        """Return all work that the rows say is not done."""
        async with self._tools.store.read() as tx:
            open_jobs = await jobs.open_jobs(tx)
            waiting = await outbox.waiting(tx)
            standing = await chunks.standing(tx, MOST_CHUNKS)
        return (
            *(work for each, state in standing for work in steer.due(self._tools, each, state)),
            *(Work(WorkKind(job.kind), job.id) for job in open_jobs),
            *(Work(WorkKind.NOTICE, notice_id) for notice_id in waiting),
        )
