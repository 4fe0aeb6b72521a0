"""`rekey doctor`: every check ends in a sentence, and in a remedy where it fails. Changes nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import aiosmtplib
from slack_sdk.errors import SlackApiError

from bot import doctor_rules
from bot.assembly import clock, open_directory, open_store, quorum, ring, rules
from bot.config import demand_slack, load
from bot.duties import mail_server
from bot.errors import OperatorError
from bot.slack import REMEDIES, Line
from bot.socket_mode import TOKEN_REMEDY
from directory.base import DirectoryError, Finding
from directory.opening import Opening
from resets.request import Channel
from store import admins, audit
from store.audit import Finding as ChainFinding
from store.base import StoreFailed
from views.text import many

if TYPE_CHECKING:
    from bot.settings import DirectorySection, Settings
    from resets.rules import Rules
    from store.admins import AdminRow
    from store.base import Store

SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "files:read",
        "files:write",
        "groups:read",
        "im:write",
        "im:history",
        "users:read",
        "users:read.email",
    }
)
PATIENCE = 20.0  # seconds for one check


async def examine(config: str | None) -> list[Finding]:
    """Check configuration, keys, store, Slack, directories and mail, in this order; never raises for what it checks."""
    try:
        settings = load(config)
    except OperatorError as error:
        return [_bad("configuration", "", sentence) for sentence in error.sentences]
    found = [_good("configuration", "read")]
    try:
        demand_slack(settings)
    except OperatorError as error:
        found += [_bad("configuration", "not enough to serve", sentence) for sentence in error.sentences]
    found += await _store(settings)
    found += await _slack(settings)
    for section in settings.directories:
        found += [*await _directory(section, settings), *reach(section, rules(settings))]
    found += await _mail(settings)
    return found


def _good(what: str, detail: str = "") -> Finding:
    return Finding(ok=True, what=what, detail=detail)


def _bad(what: str, detail: str, remedy: str) -> Finding:
    return Finding(ok=False, what=what, detail=detail, remedy=remedy)


async def _store(settings: Settings) -> list[Finding]:
    try:
        keys = ring(settings)
    except OperatorError as error:
        return [_bad("keys", "", str(error)), _bad("store", "not checked", "Mend the keys first.")]
    found = [_good("keys", f"{len(keys.ids)} in {settings.keys.file}")]
    try:
        store = await open_store(settings, keys)
    except OperatorError as error:
        return [*found, _bad("store", "", str(error))]
    try:
        return [*found, _good("store", "up to date"), *await _inside(store, settings)]
    except StoreFailed as error:
        return [*found, _bad("store", error.what, "See that its disk has room and that the bot may write to it.")]
    except Exception as error:  # noqa: BLE001 - a check tells, it does not fail
        return [*found, _bad("store", type(error).__name__, "See that the store can be read, then run this again.")]
    finally:
        await store.close()


async def _inside(store: Store, settings: Settings) -> list[Finding]:
    async with store.write() as tx:
        await audit.demand_writable(tx)
    async with store.read() as tx:
        verdict = await audit.verify(tx)
        living = [row for row in await admins.listing(tx) if row.revoked_at is None]
    journal = (
        _good("journal", f"{many(verdict.entries, 'entry', 'entries')}, {verdict.what.value}")
        if verdict.ok
        else _bad(
            "journal", f"entry {verdict.seq}: {verdict.what.value}", "Run `rekey audit verify`; somebody changed it."
        )
    )
    if verdict.what is ChainFinding.END_NOT_PROVABLE and not verdict.entries:
        journal = _good("journal", "empty")
    if not living:
        return [journal, _bad("admins", "nobody is enrolled", "Enrol the first with `rekey admin enrol`.")]
    roles = doctor_rules.roles(settings, living)
    return [journal, _good("admins", f"{len(living)} enrolled"), _security(settings, living), *roles]


def _security(settings: Settings, living: list[AdminRow]) -> Finding:
    """Say whether anybody could end a freeze."""
    named = {role.name for role in settings.roles if role.security}
    known = {role.name for role in settings.roles}
    able = [row for row in living if row.actor.role in named] if named else living[:1]
    if not named and able[0].actor.role not in known:
        whose = f"{able[0].actor.login}, enrolled first, has a role that is none: nobody could end a freeze"
        remedy = f"Give one of [[roles]] security = true, or add the role {able[0].actor.role!r} to them."
        return _bad("admins: security role", whose, remedy)
    if not able:
        remedy = f"Enrol somebody with `rekey admin enrol --role {min(named)}`; better two."
        return _bad("admins: security role", "nobody who is enrolled holds it: nobody could end a freeze", remedy)
    if all(row.frozen_at for row in able):
        remedy = "Lift that with `rekey admin unfreeze`, once it is cleared up."
        return _bad("admins: security role", "whoever holds it is frozen: nobody could end a freeze", remedy)
    return _good("admins: security role", f"{len(able)} can end a freeze")


async def _slack(settings: Settings) -> list[Finding]:
    if not settings.slack.bot_token:
        return [_bad("slack", "no bot token", "Set slack.bot_token, or slack.bot_token_file.")]
    line = Line(settings.slack)
    await line.open()
    try:
        async with asyncio.timeout(PATIENCE):
            return await _workspace(settings, line)
    except SlackApiError as error:
        code = str(error.response.get("error", ""))
        return [_bad("slack", code, REMEDIES.get(code, "Look the error up in Slack's documentation of the method."))]
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return [_bad("slack", f"cannot be reached ({type(error).__name__})", "Let this host reach https://slack.com.")]
    finally:
        await line.close()


async def _workspace(settings: Settings, line: Line) -> list[Finding]:
    identity = await line.who()
    found = [_good("slack: bot token", f"{identity.name} in {identity.team}, app {identity.app}")]
    if identity.team != settings.slack.team_id:
        remedy = f'Set slack.team_id = "{identity.team}", if that is your workspace.'
        found.append(_bad("slack: team", f"the token belongs to {identity.team}", remedy))
    missing = sorted(SCOPES - identity.scopes) if identity.scopes else []
    if missing:
        found.append(
            _bad("slack: scopes", f"missing: {', '.join(missing)}", "Take manifest.yml, and install the app again.")
        )
    else:
        found.append(_good("slack: scopes", "all there" if identity.scopes else "not told by this Slack"))
    if settings.slack.mode == "socket":
        found.append(await _socket(settings, line))
    found.append(await _channel(line, "security", settings.slack.security_channel, "alarms are heard by nobody"))
    found += await _approvals(settings, line)
    return found


async def _socket(settings: Settings, line: Line) -> Finding:
    try:
        await line.client.apps_connections_open(app_token=settings.slack.app_token.reveal())
    except SlackApiError as error:
        remedy = f"Mend slack.app_token: {TOKEN_REMEDY}."
        return _bad("slack: app token", str(error.response.get("error", "")), remedy)
    return _good("slack: app token", "may open a socket")


async def _channel(line: Line, kind: str, channel: str, without: str) -> Finding:
    """Look at a channel of ours: nothing is posted."""
    what, setting = f"slack: {kind} channel", f"slack.{kind}_channel"
    if not channel:
        remedy = f"Set {setting} to a private channel's id, and invite the bot to it."
        return _bad(what, f"none: {without}", remedy)
    try:
        told: Any = await line.client.conversations_info(channel=channel)
    except SlackApiError as error:
        code = str(error.response.get("error", ""))
        if code in {"missing_scope", "unknown_method"}:
            return _good(what, f"{channel} (Slack lets us not look at it)")
        return _bad(what, code, f"Invite the bot to {channel}, or mend {setting}.")
    about = told["channel"]
    if about.get("is_ext_shared") or about.get("is_pending_ext_shared"):
        remedy = "Take one that belongs to this workspace alone."
        return _bad(what, "shared with another organisation", remedy)
    if about.get("is_archived"):
        return _bad(what, "archived", f"Take it out of the archive, or set {setting} to another one.")
    return _good(what, channel)


async def _approvals(settings: Settings, line: Line) -> list[Finding]:
    """Look at whether others could be asked, where they have to be, and by how strong a proof."""
    asked = quorum(settings)
    if not any((asked.standard, asked.sensitive, asked.privileged, asked.few, asked.many, asked.security_from)):
        return [_good("approvals", "nobody has to agree to anything")]
    channel = settings.slack.approvals_channel
    found = [await _channel(line, "approvals", channel, "what others have to agree to is refused")]
    if not any(role.approves for role in settings.roles):
        found.append(_bad("approvals", "no role may agree", "Set approves = true for one of [[roles]]."))
    weak = "where level 2 is demanded, a code typed into Slack meets it: see docs/security.md"
    return [*found, _good("approvals: step-up", weak)]


async def _directory(section: DirectorySection, settings: Settings) -> list[Finding]:
    where = f"directory {section.name}"
    try:
        directory = open_directory(section, clock, opening=Opening.LOOK)
    except OperatorError as error:
        return [_bad(where, "", str(error))]
    try:
        async with asyncio.timeout(PATIENCE):
            found = await directory.check()
            found += await doctor_rules.named(directory, settings)
    except DirectoryError as error:
        found.append(_bad("rules", error.detail, "See that it answers, then run this again."))
    except TimeoutError:
        found = [_bad("answer", f"none in {PATIENCE:.0f} s", "See that its server runs and can be reached from here.")]
    finally:
        await directory.close()
    return [Finding(f.ok, f"{where}: {f.what}", f.detail, f.remedy) for f in found]


def reach(section: DirectorySection, decided: Rules) -> list[Finding]:
    """Say whether the gates leave a way by which a new password could reach anybody; nothing where they do."""
    where, gated = f"directory {section.name}: delivery", decided.gates[section.name]
    if Channel.DM not in gated or (decided.mail_password and Channel.MAIL not in gated):
        return []
    fewer = f'take "slack" out of directories.{section.name}.gates, if people read Slack without this password'
    if decided.mail_password:
        remedy = f"See that everybody here has a recovery address in the directory, or {fewer}."
        return [Finding(ok=True, what=where, detail="by recovery address alone", remedy=remedy)]
    box = "recovery addresses" if Channel.MAIL in gated else "people's addresses"
    remedy = f'Either {fewer}; or set mail.host and delivery.mail_content = "password": then it goes to {box}.'
    return [_bad(where, "nobody could be reached: Slack is gated, and passwords are not mailed", remedy)]


async def _mail(settings: Settings) -> list[Finding]:
    try:
        server = mail_server(settings)
    except OperatorError as error:
        return [_bad("mail", "", str(error))]
    if server is None:
        return [_good("mail", "none configured; nothing is mailed")]
    smtp = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=PATIENCE,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        tls_context=server.trust,
        username=server.username or None,
        password=server.password.reveal() if server.password is not None and server.username else None,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await smtp.connect()
    except aiosmtplib.SMTPAuthenticationError:
        return [_bad("mail", "the server refuses the sign-in", "Mend mail.username and mail.password.")]
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        remedy = "Mend mail.host, mail.port and mail.tls; the server's certificate must be valid for mail.host."
        return [_bad("mail", type(error).__name__, remedy)]
    with suppress(aiosmtplib.SMTPException, OSError):
        await smtp.quit()
    return [_good("mail", f"{server.host}:{server.port} with {server.tls}")]
