"""`rekey demo`: the practice workspace, a directory, a mailbox and the bot, all on loopback, in one process tree.

This process is Slack, the mailbox and the phones. The bot is a child of it, the same `rekey serve` as anywhere else,
and is started again when it dies: kill it at any moment, nothing is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from bot import hardening, log
from bot.assembly import clock
from bot.demo_home import Phones, furnish
from bot.demo_people import EVERYBODY, SENSITIVE
from bot.errors import OperatorError
from directory.local import LocalDirectory, LocalOptions
from directory.local_signin import NoEntry
from directory.secret import Secret
from practice.people import CHANNELS, TEAM
from practice.server import Workspace
from store.base import StoreFailed, StoreNotReady

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.door import Door

HOLD = "10s"  # before many are reset: nobody who tries this out wants to wait a minute
LIMITS = """\
resets_per_hour = 500
resets_per_day = 5000
bulks_per_hour = 100
open_requests = 20
same_target_per_day = 50
all_per_hour = 1000
fresh_enrolment_hours = 0"""  # who tries things out does more of them than an admin on a working day
# One person can be two admins here, but not three. And a sensitive account is there to be reset, by one other's word.
RULES = """
[approvals]
many = 1

[[roles]]
name = "helpdesk"
may = [{ tiers = ["standard", "sensitive"] }]
"""
STOP_SECONDS = 2.5  # for the bot to stop by itself
SHORT_LIFE, FIRST_PAUSE, LONGEST_PAUSE = 5.0, 0.2, 5.0  # a bot that dies young is started again more slowly
REFUSALS = {
    NoEntry.WRONG: "That login and password do not fit.",
    NoEntry.LOCKED: "This account is locked after too many wrong passwords.",
    NoEntry.DISABLED: "This account is disabled.",
}


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this folder.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the page. A free one, if not given.")
@click.pass_obj
def command(door: Door, data: Path | None, port: int) -> None:
    """Try everything on this machine: no Slack, no server, nothing leaves it."""
    log.configure(level="WARNING", style="text", stream=sys.stderr)
    hardening.harden()
    if data is not None:
        door.run(demo(data.resolve(), port))
        return
    with tempfile.TemporaryDirectory(prefix="rekey-demo-") as folder:
        door.run(demo(Path(folder), port))


async def demo(data: Path, port: int) -> None:
    """Run the demo until SIGINT or SIGTERM.

    Raises:
        OperatorError: the port is taken, or the folder cannot be used.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    click.echo("Making the demo ready ...")
    async with Demo(data, port) as running:
        click.echo(f"\n    {running.workspace.url}\n")
        click.echo("Open it, and type /reset-password @robin. This is not Slack: nothing leaves this machine.")
        click.echo("For many at once type /reset-password bulk, choose the group All staff, and tick the mail.")
        click.echo("Another admin has to agree to that, and to /reset-password @carla, whose account is sensitive:")
        click.echo("view as Sasha, and look into the channel approvals.")
        click.echo(f"Everything is in {data}; the bot's log is {running.bot.log_file}. Ctrl-C stops it.")
        await stop.wait()


class Demo:
    """The whole demo as a context: the workspace, the directory and the bot's process, furnished and running."""

    def __init__(self, data: Path, port: int = 0, *, hold: str = HOLD, more: str = RULES, limits: str = LIMITS) -> None:
        self.data = data
        self._hold = hold
        self._more = more  # of the configuration, as TOML
        self._limits = limits  # the same, of its table of that name
        self._port = port
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        data = self.data
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OperatorError(f"The folder {data} cannot be made ({error.strerror}); choose another.") from error
        self._stack.enter_context(_alone(data))
        self.phones: Phones = {}
        self.workspace = Workspace(clock=clock, people=EVERYBODY, phones=self.phones, sign_in=self._sign_in)
        try:
            await self.workspace.start(port=self._port, data=data / "workspace")
        except OSError as error:
            raise OperatorError(
                f"Port {self._port} cannot be used ({error.strerror}); choose another --port."
            ) from error
        self._stack.push_async_callback(self.workspace.stop)
        self.config = _configured(data, self.workspace, self._hold, self._more, self._limits)
        try:
            self.phones.update(await furnish(self.config, data / "phones.json"))
        except (StoreFailed, StoreNotReady, ValueError) as error:
            raise OperatorError(
                f"What is in the folder {data} is damaged, or of another version ({type(error).__name__}); "
                "choose another, or empty it."
            ) from error
        self.directory = LocalDirectory.open("acme", LocalOptions(path=data / "acme.db"), clock=clock)
        self._stack.push_async_callback(self.directory.close)
        self.bot = Child(self.config, data / "bot.log")
        self._stack.push_async_callback(self.bot.stop)
        self.bot.start()

    async def _sign_in(self, login: str, password: str) -> dict[str, Any]:
        """Try a password at the directory's own door, for the page."""
        tried = await self.directory.sign_in(login, Secret(password))
        if not tried.ok:
            words = REFUSALS[tried.reason or NoEntry.WRONG]
        elif tried.must_change:
            words = "The password is right. The directory now asks for a new one of your own."
        else:
            words = "You are signed in."
        return {"ok": tried.ok, "must_change": tried.must_change, "words": words}


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the folder: two demos in one would each start the other's bot with their own configuration."""
    try:
        file = os.fdopen(os.open(data / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise OperatorError(f"The folder {data} cannot be written ({error.strerror}); choose another.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(f"Another demo runs in the folder {data}; stop that one, or choose another.") from None
        yield


def _configured(data: Path, workspace: Workspace, hold: str = HOLD, more: str = RULES, limits: str = LIMITS) -> Path:
    """Write the configuration anew: the ports are new at each start, the rest is the same."""
    ids = {channel.name: channel.id for channel in CHANNELS}
    text = f"""\
# Written by `rekey demo` at each start.
[slack]
bot_token = {json.dumps(workspace.bot_token)}
app_token = {json.dumps(workspace.app_token)}
signing_secret = {json.dumps(workspace.signing_secret)}
team_id = {json.dumps(TEAM)}
api_url = {json.dumps(workspace.api_url)}
security_channel = {json.dumps(ids["security"])}
approvals_channel = {json.dumps(ids["approvals"])}

[web]
listen = "127.0.0.1:0"

[mail]
host = "127.0.0.1"
port = {workspace.mailbox.port}
sender = "IT desk <it@acme.example>"
ca_file = {json.dumps(str(workspace.mailbox.ca_file))}

[delivery]
mail_content = "password"
pickup = {{single = "requester"}}

[limits]
hold = {json.dumps(hold)}
{limits}

{more}
[[directories]]
name = "acme"
kind = "local"
display = "Acme directory"
index_refresh = "10s"
concurrency = 8
path = "acme.db"
tiers = {{sensitive = {json.dumps(SENSITIVE)}}}
"""
    path = data / "rekey.toml"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


class Child:
    """The bot's process. It ends with this one, however that ends: it watches its standard input."""

    def __init__(self, config: Path, log_file: Path) -> None:
        self._config = config
        self.log_file = log_file
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the bot that runs now."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def start(self) -> None:
        """Start it, and start it again whenever it dies."""
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        pause, now = FIRST_PAUSE, asyncio.get_running_loop().time
        while True:
            born = now()
            self._process = await self._spawn()
            code = await self._process.wait()
            pause = FIRST_PAUSE if now() - born > SHORT_LIFE else min(pause * 2, LONGEST_PAUSE)
            click.echo(f"The bot's process ended ({code}); it is started again.", err=True)
            await asyncio.sleep(pause)

    async def _spawn(self) -> asyncio.subprocess.Process:
        # Of our own environment only what is not ours: REKEY_ variables of the shell would change the demo.
        environ = {key: value for key, value in os.environ.items() if not key.startswith("REKEY_")}
        with self.log_file.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "--config", str(self._config), "serve", "--until-stdin-closes"),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # Ctrl-C is for us; we stop it
            )

    async def stop(self) -> None:
        """Stop it: gently, then for good."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
