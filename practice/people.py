"""Who and what stands in the practice workspace: people, channels, and the app as its manifest installed it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TEAM = "T0ACME00001"
OTHER_TEAM = "T0GLOBEX001"


class Kind(StrEnum):
    """What a person is to the workspace; the page draws a badge from it."""

    ADMIN = "admin"
    SECOND_ADMIN = "second_admin"
    USER = "user"
    GUEST = "guest"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom `users.info` knows.

    Attributes:
        handle: what is typed after an @, and Slack's `user.name`.
        kind: GUEST is a multi-channel guest unless `single_channel`; STRANGER belongs to another organisation.
        other_mails: further addresses (a recovery address) whose mail the person reads in the mailbox.
        note: one sentence for the page about why this person is here.
        deleted: deactivated; cannot be viewed as, and `users.lookupByEmail` does not find them.
        bot: another app's bot user.
    """

    id: str
    handle: str
    name: str
    title: str = ""
    kind: Kind = Kind.USER
    mail: str = ""
    other_mails: tuple[str, ...] = ()
    note: str = ""
    avatar_hue: int = 210
    team: str = TEAM
    deleted: bool = False
    bot: bool = False
    single_channel: bool = False

    @property
    def visible(self) -> bool:
        """Whether the page may look through this person's eyes."""
        return not self.deleted and not self.bot


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that stands from the start.

    Attributes:
        members: user ids.
        bot_inside: whether the app's bot user was invited.
        shared: with another organisation (Slack Connect).
    """

    id: str
    name: str
    members: tuple[str, ...]
    private: bool = False
    shared: bool = False
    bot_inside: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command of the manifest; `escape` turns mentions into ids."""

    command: str
    usage: str = ""
    description: str = ""
    escape: bool = False


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A message shortcut of the manifest."""

    callback_id: str
    name: str


@dataclass(frozen=True, slots=True)
class App:
    """The app as installed: what its manifest asks for is what it may do."""

    name: str = "Rekey"
    id: str = "A0REKEY0001"
    bot_id: str = "B0REKEY0001"
    bot_user: str = "U0REKEYBOT1"
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    scopes: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    home_tab: bool = True
    messages_tab: bool = True
    interactive: bool = True

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> App:
        """Install the app of a Slack manifest, already read from YAML or JSON.

        Raises:
            KeyError: the manifest names no display_information.name; nothing is installed.
        """
        features = manifest.get("features", {})
        settings = manifest.get("settings", {})
        home = features.get("app_home", {})
        commands = tuple(
            Command(
                command=one["command"],
                usage=one.get("usage_hint", ""),
                description=one.get("description", ""),
                escape=bool(one.get("should_escape", False)),
            )
            for one in features.get("slash_commands", ())
        )
        shortcuts = tuple(
            Shortcut(callback_id=one["callback_id"], name=one["name"])
            for one in features.get("shortcuts", ())
            if one.get("type") == "message"
        )
        return cls(
            name=features.get("bot_user", {}).get("display_name") or manifest["display_information"]["name"],
            commands=commands,
            shortcuts=shortcuts,
            scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            home_tab=bool(home.get("home_tab_enabled", False)),
            messages_tab=bool(home.get("messages_tab_enabled", False)),
            interactive=bool(settings.get("interactivity", {}).get("is_enabled", False)),
        )


REKEY = App(
    commands=(
        Command(
            "/reset-password",
            "[@person | login | mail address | help]",
            "Reset somebody's password",
            escape=True,
        ),
    ),
    shortcuts=(Shortcut("reset_person", "Reset their password"),),
    scopes=frozenset(
        {
            *("chat:write", "commands", "files:read", "files:write", "groups:read", "im:history", "im:write"),
            *("users:read", "users:read.email"),
        }
    ),
    events=frozenset({"app_home_opened"}),
)

PEOPLE: tuple[Person, ...] = (
    Person(
        "U0MORGAN001",
        "morgan",
        "Morgan Lindqvist",
        "IT service desk",
        Kind.ADMIN,
        "morgan.lindqvist@acme.example",
        note="Holds the role to reset passwords, and has a phone with codes.",
        avatar_hue=265,
    ),
    Person(
        "U0SASHA0001",
        "sasha",
        "Sasha Okafor",
        "IT service desk lead",
        Kind.SECOND_ADMIN,
        "sasha.okafor@acme.example",
        note="A second admin, with a phone of their own. Robin's manager.",
        avatar_hue=150,
    ),
    Person(
        "U0ROBIN0001",
        "robin",
        "Robin Meyer",
        "Warehouse",
        Kind.USER,
        "robin.meyer@acme.example",
        note="Forgot the password. Collects the new one in the app's messages.",
        avatar_hue=20,
    ),
    Person(
        "U0KITGUEST1",
        "kit",
        "Kit Ferrer",
        "Contractor (guest)",
        Kind.GUEST,
        "kit@ferrer-consulting.example",
        note="A guest of this workspace: may look, may not reset.",
        avatar_hue=60,
    ),
    Person(
        "U0DANAEXT01",
        "dana",
        "Dana Voss",
        "Globex Corporation",
        Kind.STRANGER,
        "dana.voss@globex.example",
        note="From another organisation, met in a shared channel.",
        avatar_hue=330,
        team=OTHER_TEAM,
    ),
    Person(
        "U0SOLOGST01",
        "noor",
        "Noor Haddad",
        "Auditor (single-channel guest)",
        Kind.GUEST,
        "noor@audit.example",
        note="A guest of one channel only.",
        avatar_hue=190,
        single_channel=True,
    ),
    Person("U0LEFT00001", "lee", "Lee Former", "Left in spring", Kind.USER, "lee.former@acme.example", deleted=True),
    Person("U0OTHERBOT1", "polly", "Polly", "Another app", Kind.USER, bot=True),
)

CHANNELS: tuple[Channel, ...] = (
    Channel(
        "C0GENERAL01",
        "general",
        ("U0MORGAN001", "U0SASHA0001", "U0ROBIN0001", "U0KITGUEST1"),
    ),
    Channel("C0ITDESK001", "it-desk", ("U0MORGAN001", "U0SASHA0001", "U0ROBIN0001"), bot_inside=True),
    Channel("C0SECURITY1", "security", ("U0MORGAN001", "U0SASHA0001"), private=True, bot_inside=True),
    Channel("C0APPROVAL1", "approvals", ("U0MORGAN001", "U0SASHA0001"), private=True, bot_inside=True),
    Channel(
        "C0SHARED001",
        "acme-rekey",
        ("U0MORGAN001", "U0ROBIN0001", "U0KITGUEST1", "U0DANAEXT01"),
        shared=True,
        bot_inside=True,
    ),
    Channel("C0AUDIT0001", "audit-2031", ("U0SASHA0001", "U0SOLOGST01")),
)
