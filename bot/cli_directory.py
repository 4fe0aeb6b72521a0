"""`rekey directory`: setting up a directory that is a file of ours. Nothing else makes one: a path may be mistyped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.errors import ConfigError, OperatorError

if TYPE_CHECKING:
    from bot.door import Door


@click.group()
def group() -> None:
    """The directories of kind `local`, which are files of ours."""


@group.command("new")
@click.argument("name")
@click.pass_obj
def new(door: Door, *, name: str) -> None:
    """Make the file of a new `local` directory where its `path` says. Never overwrites one."""
    door.quiet()
    from bot.assembly import clock, open_directory
    from directory.opening import Opening

    sections = {section.name: section for section in door.settings().directories}
    if name not in sections:
        known = ", ".join(sections) or "none"
        raise ConfigError(f"There is no directory called {name!r}, so nothing was made; there is: {known}.")
    section = sections[name]
    if section.kind != "local":
        raise ConfigError(f"directories.{name} is of kind {section.kind!r}, and only a `local` one is a file to make.")
    path = section.options.path
    if path.exists() and path.stat().st_size:
        raise OperatorError(f"directories.{name}.path: {path} is there already, so nothing was made.")
    door.run(open_directory(section, clock, opening=Opening.MAKE).close())
    click.echo(f"A new directory is in {path}, and nobody in it yet: docs/operating.md says how people come into it.")
