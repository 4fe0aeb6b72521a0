"""The `rekey` command. Each command's own words live in the file of its name; heavy rooms are imported when needed."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

import click

from bot.door import Door, refuse
from bot.errors import ConfigError

COMMANDS = {  # name -> (module, attribute)
    "demo": ("bot.demo", "command"),
    "serve": ("bot.cli", "serve"),
    "work": ("bot.cli", "work"),
    "doctor": ("bot.cli", "doctor"),
    "admin": ("bot.cli_admin", "group"),
    "reset": ("bot.cli_reset", "command"),
    "freeze": ("bot.cli_freeze", "freeze"),
    "resume": ("bot.cli_freeze", "resume"),
    "policy": ("bot.cli_policy", "group"),
    "jobs": ("bot.cli_jobs", "group"),
    "audit": ("bot.cli_audit", "group"),
    "keys": ("bot.cli", "keys"),
    "db": ("bot.cli", "db"),
    "directory": ("bot.cli_directory", "group"),
}


class Lazy(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        found: click.Command = getattr(import_module(module), name)
        return found


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", metavar="FILE", help="The configuration. Else $REKEY_CONFIG, else ./rekey.toml.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning"]), default="info", show_default=True)
@click.option("--log-format", type=click.Choice(["json", "text"]), default="json", show_default=True)
@click.version_option(version("rekey"), prog_name="rekey")
@click.pass_context
def rekey(ctx: click.Context, config: str | None, *, debug: bool, log_level: str, log_format: str) -> None:
    """Reset directory users' passwords from Slack, safely."""
    ctx.obj = Door(config, debug, log_level, log_format)


def _readable(words: list[str]) -> None:
    if any("\0" in word for word in words):
        raise ConfigError("No name of a person or a file holds a NUL character; take it out.")


def main(argv: list[str] | None = None) -> None:
    """Run a command, and end the process: 0 done, 1 it did not succeed, 2 wrong usage or configuration."""
    words: list[str] = sys.argv[1:] if argv is None else argv
    try:
        _readable(words)
        result: Any = rekey.main(words, prog_name="rekey", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last of three doors
        refuse(error, debug="--debug" in words)
    except KeyboardInterrupt as error:
        refuse(error, debug=False)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
