"""The canary: every password that the directory was given, searched for everywhere that it must not be.

The bot runs in this process, everything at DEBUG, with its real engine, store, Slack client and mail client. Before its
directory stands one that writes down each password that it is handed, and that fails on demand, sometimes with the
password in the error's own words. Then all files, logs, Slack traffic and mails are searched, in many encodings.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tempfile
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest_asyncio

from bot import log
from bot.assembly import clock, open_house
from bot.config import load
from bot.demo import _configured
from bot.demo_home import furnish
from bot.demo_people import EVERYBODY
from bot.serve import Bot
from desk import enrol, sweep
from directory.base import BadAnswer, NotAllowed, NotNow, PasswordRejected, Unreachable
from practice.errors import CannotDo
from practice.limits import Limits
from practice.server import Workspace
from tests.support.canary import files, search
from tests.support.hands import Hands
from tests.support.stage import GENERAL, MORGAN, PRIYA, QUIET, ROBIN, copy
from tests.support.unsteady import Unsteady

# -- the bot, with everything written down -------------------------------------------------------------------------


class Leaky(Unsteady):
    """A directory that fails, and repeats the password in what it says."""

    def __init__(self, inner):
        super().__init__(inner)
        self.blab = []  # makers of errors, before the write; each is given the password

    async def set_password(self, account, password, *, must_change):
        if self.blab and (make := self.blab.pop(0)) is not None:
            self.passwords.append((account.id, password.reveal()))
            raise make(password.reveal())
        return await super().set_password(account, password, must_change=must_change)


class Aviary:
    """The running bot and everything that it leaves behind."""

    def __init__(self, data, workspace, said):
        self.data = data
        self.workspace = workspace
        self.said = said  # all log lines, as an operator would have them
        self.raw = io.StringIO()  # the records' own texts and fields, whatever the handler would have masked
        self.ahead = timedelta()
        self.step = 0
        self.pickups = []
        self.bot = None

    def now(self):
        return clock() + self.ahead

    @asynccontextmanager
    async def flying(self, settings):
        house = await open_house(settings, now=self.now)
        (inner,) = house.tools.directories.values()
        self.directory = Leaky(inner)
        house = replace(house, tools=replace(house.tools, directories={"acme": self.directory}))
        self.tools = house.tools
        self.bot = Bot(settings, house, work=True)
        await self.bot.start()
        try:
            await self.until(lambda: self.workspace.delivery.connected)
            yield self
        finally:
            await self.bot.stop()

    async def until(self, look, seconds=40):
        async with asyncio.timeout(seconds):
            while not (found := look()):  # noqa: ASYNC110 - the bot works on by itself
                await asyncio.sleep(0.02)
        return found

    async def code(self):
        """Move the clock to the next step, so that the code was never used."""
        import pyotp

        step = max(int(self.now().timestamp()) // 30, self.step)
        if step == self.step:
            self.ahead += timedelta(seconds=30)
            step += 1
        self.step = step
        return pyotp.TOTP(self.workspace.phones[MORGAN][0][2]).at(step * 30)

    async def asked_for_pickup(self, person):
        await self.until(lambda: person.buttons("show_password"))
        await self.settled()
        await person.press("show_password")
        await self.until(lambda: person.shows("pickup_text"))

    async def reset(self, login, *, channels=("dm",), **more):
        """Ask for a reset over the wire; returns the pickup code."""
        morgan = Hands(self.workspace, MORGAN)
        await morgan.do("say", channel=GENERAL, text=f"/reset-password {login}")
        await self.until(lambda: morgan.shows("code_text"))
        ticked = [f"delivery:{channel}" for channel in channels] + list(more.get("options", ()))
        answer = await morgan.submit(ticked, code=await self.code())
        assert answer == {}, answer
        pickup = morgan.pickup_code()
        self.pickups += [pickup] if pickup else []
        return pickup

    async def let_free(self, user):
        """Lift at the host what a *Not me* did to an admin, so that they may go on."""
        (admin,) = [row.id for row in await enrol.listing(self.tools) if row.actor.slack.user == user]
        assert await enrol.unfreeze(self.tools, admin, by="test")
        await self.settled()

    def given(self):
        return [password for _, password in self.directory.passwords]

    async def settled(self):
        """Wait until nothing is left to do: no job, no notice."""
        from store import jobs, outbox

        async with asyncio.timeout(90):
            while True:
                async with self.tools.store.read() as tx:
                    if not await jobs.open_jobs(tx) and not await outbox.waiting(tx):
                        return
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(loop_scope="session")
async def aviary(template, tmp_path, monkeypatch):
    """Run the whole bot in this process, with its temporary files where they are searched too."""
    data = copy(template, tmp_path / "data")
    (data / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(data / "tmp"))
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    said = io.StringIO()
    phones = {}
    # Slack's patience is not the matter here: no rate limit makes the bot wait.
    limits = Limits(post_gap=timedelta(0), per_minute=dict.fromkeys(Limits().per_minute, 10_000))
    workspace = Workspace(clock=clock, people=EVERYBODY, phones=phones, limits=limits)
    await workspace.start()
    made = Aviary(data, workspace, said)
    try:
        config = _configured(data, workspace, more=QUIET)
        phones.update(await furnish(config, data / "phones.json"))
        log.configure(level="DEBUG", style="json", stream=said)
        root.addHandler(Raw(made.raw))
        async with made.flying(load(config, {})):
            yield made
    finally:
        await workspace.stop()
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)


class Raw(logging.StreamHandler):
    """Writes every record of ours with all its fields, nothing masked: a log that leans on the mask is caught."""

    def emit(self, record):
        fields = {key: repr(value) for key, value in vars(record).items() if key != "exc_info"}
        self.stream.write(json.dumps(fields) + "\n")


# -- every path ----------------------------------------------------------------------------------------------------


async def shown_once(aviary):
    """The plain story: two wrong pickup codes, the reveal, a second look, and *not me* at the end."""
    robin = Hands(aviary.workspace, ROBIN)
    aviary.directory.after["set_password"] = [Unreachable("silent", sent=True)]
    pickup = await aviary.reset("robin.meyer")
    await aviary.asked_for_pickup(robin)
    for wrong in ("0000-0000", "not a code"):
        assert "errors" in await robin.submit(pickup=wrong)
    assert await robin.submit(pickup=pickup) == {}
    assert robin.shows(aviary.given()[-1])
    await robin.do("close", view_id=robin.view.id)
    await aviary.settled()
    await robin.press("not_me")
    await aviary.settled()
    await aviary.let_free(MORGAN)
    return 1


async def burned(aviary):
    """Five wrong pickup codes."""
    robin = Hands(aviary.workspace, ROBIN)
    await aviary.reset("robin.meyer")
    await aviary.asked_for_pickup(robin)
    for number in range(5):
        await robin.submit(pickup=f"0000-000{number}")
    assert robin.shows("Too many pickup codes")
    await aviary.settled()
    return 0


async def slack_in_trouble(aviary):
    """Messages refused, answers lost, and the connection torn down under the reveal."""
    robin, faults = Hands(aviary.workspace, ROBIN), aviary.workspace.faults
    faults.answer("chat.postMessage", 500, times=2)
    faults.answer("chat.update", 500)
    aviary.directory.blab = [lambda password: BadAnswer(f"what is {password}?", sent=True)]
    pickup = await aviary.reset("robin.meyer")
    await aviary.asked_for_pickup(robin)
    faults.drop_sockets()
    with suppress(CannotDo):
        await robin.submit(pickup=pickup)
    await aviary.until(lambda: aviary.workspace.delivery.connected)
    if not robin.shows(aviary.given()[-1]):
        await robin.submit(pickup=pickup)
    await aviary.settled()
    return 1


async def by_mail(aviary):
    """The password by mail to both addresses: refused for now, refused for good, and sent after a retry."""
    morgan, mailbox = Hands(aviary.workspace, MORGAN), aviary.workspace.mailbox
    aviary.directory.blab = [lambda password: Unreachable(f"no answer to {password}", sent=True)]
    mailbox.refuse("451 4.3.0 later")
    mailbox.refuse("550 5.1.1 no such mailbox")
    await aviary.reset("priya.raman", channels=("mail",))
    await aviary.settled()
    await morgan.press("retry_step")
    await aviary.until(lambda: [one for one in mailbox.mails() if "Your one-time password is:" in one["text"]])
    await aviary.settled()
    await aviary.reset("priya.raman", channels=("mail", "recovery"))
    await aviary.settled()
    return 0


async def directory_in_trouble(aviary):
    """A directory that is silent, busy, nonsensical or picky, a bug that quotes the password, and steps that fail."""
    priya, directory = Hands(aviary.workspace, PRIYA), aviary.directory
    directory.blab = [
        lambda password: PasswordRejected(f"{password} is too short"),
        lambda _: NotNow(after=timedelta(milliseconds=10)),
        lambda password: ValueError(f"cannot encode {password!r}"),
        KeyError,
    ]
    directory.before["revoke_sessions"] = [NotAllowed("no")]
    directory.before["revoke_tokens"] = [ValueError("odd"), BadAnswer("odd")]
    pickup = await aviary.reset(
        "priya.raman", channels=("dm", "mail"), options=("options:must_change", "options:clear_sessions")
    )
    await aviary.asked_for_pickup(priya)
    assert await priya.submit(pickup=pickup) == {}
    await aviary.settled()
    morgan = Hands(aviary.workspace, MORGAN)
    await morgan.press("retry_step")
    await aviary.settled()
    return 1


async def refused_for_good(aviary):
    """A policy that takes no password at all: nothing is set, and the requester hears it."""
    aviary.directory.blab = [PasswordRejected] * 9
    await aviary.reset("robin.meyer")
    await aviary.settled()
    aviary.directory.blab = []
    assert "did not accept the new passwords" in aviary.workspace.record.text()
    return 0


async def never_collected(aviary):
    """A day passes: the account gets a password that nobody has, while the directory fails once more."""
    await aviary.reset("robin.meyer")
    await aviary.until(lambda: Hands(aviary.workspace, ROBIN).buttons("show_password"))
    await aviary.settled()
    before = len(aviary.given())
    aviary.ahead += timedelta(hours=25)
    aviary.directory.blab = [lambda password: Unreachable(password, sent=True)]
    assert await sweep.expire(aviary.tools) >= 1
    await aviary.settled()
    assert len(aviary.given()) >= before + 2
    return 0


PATHS = (
    shown_once,
    burned,
    slack_in_trouble,
    by_mail,
    directory_in_trouble,
    refused_for_good,
    never_collected,
)


def reveals(record):
    """Return those acks that put the view with a password up."""
    return [one for one in record if one.kind == "ack" and "Spelled:" in json.dumps(one.payload, ensure_ascii=False)]


async def test_no_password_is_anywhere_but_where_it_belongs(aviary, capfd):
    """Every path, at DEBUG, with failures; then each password is looked for in all that was left behind."""
    collected = 0
    logging.getLogger("desk").debug("at_debug")
    for path in PATHS:
        collected += await path(aviary)
    live = files(aviary.data)  # with the journals of the databases as they are while the bot runs
    await aviary.bot.stop()
    passwords = sorted(set(aviary.given()))
    assert len(passwords) >= 12, "the paths were not all walked"

    record = aviary.workspace.record
    views = reveals(record)
    assert len(views) == collected, "a password was shown more often than it was collected"
    assert all(search({"view": json.dumps(one.payload).encode()}, passwords) for one in views)
    mails = aviary.workspace.mailbox.mails()
    carrying = [one for one in mails if search({"": one["text"].encode()}, passwords)]
    assert {tuple(one["rcpt"]) for one in carrying} == {("priya.raman@acme.example",), ("priya@raman.example",)}
    assert len(carrying) < len(mails), "there were no notices to search"

    carried = {one["message_id"] for one in carrying}
    rest = [one for one in record if one not in views and not any(m in str(one.payload) for m in carried)]
    streams = capfd.readouterr()
    places = {
        "log": aviary.said.getvalue().encode(),
        "records": aviary.raw.getvalue().encode(),
        "stdout": streams.out.encode(),
        "stderr": streams.err.encode(),
        "slack": "\n".join(
            json.dumps([o.kind, o.payload, o.reply], ensure_ascii=False, default=str) for o in rest
        ).encode(),
        "mail": json.dumps([one for one in mails if one not in carrying], ensure_ascii=False).encode(),
        **{f"live {name}": content for name, content in live.items()},
        **files(aviary.data),
    }
    assert search(places, passwords) == []
    kept = {name: content for name, content in places.items() if name not in {"slack", "mail"}}
    assert [name for name, content in kept.items() for code in aviary.pickups if code.encode() in content] == []
    assert b"at_debug" in places["log"], "the log was not at DEBUG"
    assert any("wal" in name for name in live), "the journals were not searched"


async def test_the_canary_can_die(aviary, capfd):
    """Planted in the running bot (a log line, a file of the store's folder), a password is found: the net holds."""
    robin = Hands(aviary.workspace, ROBIN)
    pickup = await aviary.reset("robin.meyer")
    await aviary.asked_for_pickup(robin)
    await robin.submit(pickup=pickup)
    (password,) = set(aviary.given())
    logging.getLogger("desk").debug("set", extra={"what": f"the new one is {password}"})
    (aviary.data / "core").write_bytes(password.encode("utf-16le"))
    found = {place for place, _ in search({"log": aviary.said.getvalue().encode(), **files(aviary.data)}, [password])}
    assert found == {"log", "core"}
    assert len(reveals(aviary.workspace.record)) == 1
    capfd.readouterr()
