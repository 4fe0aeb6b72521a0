"""Which kinds of directory there are. A connector is imported only when somebody uses it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import BaseModel, ValidationError

from directory.misconfigured import Misconfigured
from directory.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from directory.base import Capability, Directory

# kind -> (module, class, the extra that brings its libraries or "")
CONNECTORS: Mapping[str, tuple[str, str, str]] = {
    "local": ("directory.local", "LocalDirectory", ""),
    "ldap": ("directory.ldap", "LdapDirectory", "ldap"),
}


class Connector(Protocol):
    """What a connector's class gives besides the contract: its settings, and a way to open itself.

    `Options` is a pydantic model that forbids unknown keys. `open` does not wait for a network: a directory that is
    down is found out by use and by `check`.
    """

    Options: type[BaseModel]
    capabilities: frozenset[Capability]

    def open(
        self, name: str, options: Any, *, clock: Callable[[], datetime], opening: Opening = Opening.USE
    ) -> Directory:
        """Build the directory called `name`; a classmethod, so `self` is the class.

        Args:
            name: what the configuration calls it.
            options: the connector's own, checked.
            clock: gives aware UTC.
            opening: what may be written, where the directory is a file of ours.

        Raises:
            Misconfigured: these options can never work; says the key and the remedy.
        """


def connector(kind: str) -> Connector:
    """Return the class of a kind.

    Raises:
        Misconfigured: no such kind, or its extra is not installed.
    """
    if kind not in CONNECTORS:
        known = ", ".join(sorted(CONNECTORS))
        raise Misconfigured("kind", f"There is no directory of kind {kind!r}.", f"Use one of: {known}.")
    module, name, extra = CONNECTORS[kind]
    try:
        return cast(Connector, getattr(import_module(module), name))
    except ImportError as error:
        library = (error.name or "").partition(".")[0]
        if not extra or library == "directory":
            raise
        raise Misconfigured(
            "kind",
            f"A directory of kind {kind!r} needs the library {library!r}, which cannot be loaded ({error.msg}).",
            f"Install Rekey with its extra: pip install 'rekey[{extra}]'.",
        ) from error


def open_directory(
    kind: str,
    name: str,
    settings: Mapping[str, object],
    *,
    clock: Callable[[], datetime],
    opening: Opening = Opening.USE,
) -> Directory:
    """Open a configured directory.

    Args:
        kind: one of CONNECTORS.
        name: what the configuration calls it; people see it.
        settings: the connector's own keys, unread, without `kind`.
        clock: gives aware UTC.
        opening: what may be written, where the directory is a file of ours.

    Raises:
        Misconfigured: the kind, the extra or a setting; its texts never repeat a setting's value.
    """
    cls = connector(kind)
    try:
        options = cls.Options.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(cls.Options.model_fields)
        raise Misconfigured(key, f"{first['msg']}.", f"The settings of a {kind} directory are: {known}.") from None
    return cls.open(name, options, clock=clock, opening=opening)
