"""What every command shares: the configuration, the loop, and the one place where an error becomes a sentence."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from bot import log
from bot.errors import ConfigError, OperatorError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bot.settings import Settings

Result = TypeVar("Result")


def host_user() -> str:
    """Return who is at the host, for the journal: the login, and who sudo says stands behind it."""
    behind = os.environ.get("SUDO_USER")
    return f"{getpass.getuser()} ({behind})" if behind else getpass.getuser()


@dataclass(slots=True)
class Door:
    """What stands before the command's own words: --config, --debug, --log-level, --log-format."""

    config: str | None
    debug: bool
    level: str
    style: str

    def settings(self) -> Settings:
        """Read the configuration.

        Raises:
            ConfigError: a sentence for each mistake.
        """
        from bot.config import load

        return load(self.config)

    def run(self, deed: Coroutine[Any, Any, Result]) -> Result:
        """Run a command's deed on a loop of its own."""
        return asyncio.run(deed)

    def quiet(self, level: str = "WARNING") -> None:
        """Send the logs of a short command, from a level on, to standard error, so that its output is its own."""
        log.configure(level=self.level if self.debug else level, style="text", stream=sys.stderr)


def refuse(error: BaseException, *, debug: bool) -> NoReturn:
    """Say what went wrong on standard error, and end the process with its exit code: 1, or 2 for wrong usage."""
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    match error:
        case click.ClickException():
            error.show()
            sys.exit(2)
        case OperatorError():
            for sentence in error.sentences:
                click.echo(sentence, err=True)
            sys.exit(2 if isinstance(error, ConfigError) else 1)
        case KeyboardInterrupt() | click.Abort():
            click.echo("Stopped.", err=True)
            sys.exit(1)
        case OSError():
            why = error.strerror or type(error).__name__
            click.echo(f"This host did not read or write something ({why}); --debug shows what.", err=True)
            sys.exit(1)
        case _:
            name = type(error).__name__
            click.echo(f"Something went wrong that Rekey has no sentence for ({name}); --debug shows it.", err=True)
            sys.exit(1)
