"""All configuration, read once: one TOML file, overridden by REKEY_... variables; secrets are hidden values.

`load` is the only door. What is wrong becomes a ConfigError: one sentence for each key, with its remedy, and no value.
"""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import quote, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from bot.section import Name, Section, Span
from bot.settings_limits import Limits
from bot.settings_rules import Expect, Role, Tiers, mistakes
from directory.secret import Secret

SLACK_API = "https://slack.com/api/"
SLACK_ID = re.compile(r"[A-Z][A-Z0-9]{2,20}")


def _hidden(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")  # noqa: TRY004 - pydantic words a ValueError
    return Secret(value)


def _nothing() -> Secret:
    return Secret("")


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _api_url(value: str) -> str:
    parts = urlsplit(value)
    if value != SLACK_API and not (parts.scheme in {"http", "https"} and is_loopback(parts.hostname or "")):
        raise ValueError(f"must be {SLACK_API}; anything else only on loopback")
    return value if value.endswith("/") else value + "/"


def _store_url(value: str) -> str:
    scheme, _, rest = value.partition("://")
    if scheme not in {"sqlite+aiosqlite", "postgresql+psycopg"} or not rest:
        raise ValueError('must begin with "sqlite+aiosqlite:///" or "postgresql+psycopg://"')
    if scheme.startswith("postgresql") and ":" in rest.rpartition("@")[0]:
        raise ValueError("holds a password; write it as store.password, or name a file with store.password_file")
    return value


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - TCP's last port
        raise ValueError('must be an address and a port, such as "127.0.0.1:8080"')
    return value


def _slack_id(value: str) -> str:
    if value and not SLACK_ID.fullmatch(value):
        raise ValueError("must be an id as Slack shows it, such as T0123ABCD or C0123ABCD; a name is none")
    return value


Hidden = Annotated[Secret, BeforeValidator(_hidden)]
Pickup = Literal["requester", "none"]
Needs = Literal["none", "said", "number", "manager", "in_person"]  # the least first, as in resets/verification.py
NeedsAbove = Literal["none", "said", "manager", "in_person"]  # a number match never counts above the standard tier
Level = Annotated[int, Field(ge=1, le=3)]
Approving = Annotated[int, Field(ge=0, le=10)]
SlackId = Annotated[str, AfterValidator(_slack_id)]


class Slack(Section):
    """How to reach Slack, and which team may speak to us."""

    mode: Literal["socket", "http"] = "socket"
    bot_token: Hidden = Field(default_factory=_nothing)
    app_token: Hidden = Field(default_factory=_nothing)
    signing_secret: Hidden = Field(default_factory=_nothing)
    team_id: SlackId = ""
    api_url: Annotated[str, AfterValidator(_api_url)] = SLACK_API
    security_channel: SlackId = ""
    approvals_channel: SlackId = ""


class Web(Section):
    """Our one HTTP server."""

    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"

    @property
    def host(self) -> str:
        """The address to bind."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to bind; 0 takes a free one."""
        return int(self.listen.rpartition(":")[2])


class StoreSection(Section):
    """Where requests, audit and the engine's rows are kept."""

    url: Annotated[str, AfterValidator(_store_url)] = "sqlite+aiosqlite:///rekey.db"
    password: Hidden = Field(default_factory=_nothing)

    @property
    def full_url(self) -> str:
        """The address with the password in it: for the store and the engine, never for a log."""
        if not self.password:
            return self.url
        scheme, _, rest = self.url.partition("://")
        user, _, host = rest.rpartition("@")
        return f"{scheme}://{user}:{quote(self.password.reveal(), safe='')}@{host}"


class Keys(Section):
    """The master keys."""

    file: Path = Path("rekey.keys")


class Mail(Section):
    """How to send mail; without a host no mail is sent or offered."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["tls", "starttls", "none"] = "starttls"
    username: str = ""
    password: Hidden = Field(default_factory=_nothing)
    sender: str = ""
    ca_file: str = ""
    security: str = ""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.security and not self.host:
            raise ValueError("security is an address that nothing can be mailed to without host; add it")
        if self.tls == "none" and self.host and not is_loopback(self.host):
            raise ValueError('tls = "none" is only for a mail server on loopback; use "starttls" or "tls"')
        if self.host and not self.sender:
            raise ValueError("sender is missing; write the address that mails come from")
        return self


class PickupTiers(Section):
    """Whether a pickup code is asked for at *Show*, by the tier of the account."""

    standard: Pickup = "requester"
    sensitive: Pickup = "requester"
    privileged: Pickup = "requester"


class BulkPickupTiers(PickupTiers):
    """The same for many at once: nobody reads 400 codes to 400 people, so most go without."""

    standard: Pickup = "none"


class PickupSection(Section):
    """The pickup code, for a request that names one person and for one that names many."""

    single: PickupTiers = PickupTiers()
    bulk: BulkPickupTiers = BulkPickupTiers()

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, value: object) -> object:
        """Take `pickup = "none"` for all tiers, and `single = "none"` for all tiers of single requests."""
        if isinstance(value, str):
            value = {"single": value, "bulk": value}
        if isinstance(value, dict):
            value = {
                k: dict.fromkeys(PickupTiers.model_fields, v) if isinstance(v, str) else v for k, v in value.items()
            }
        return value


class Delivery(Section):
    """How a new password reaches its person."""

    mail_content: Literal["notice", "password"] = "notice"
    expires: Span = timedelta(hours=24)
    fresh_address_days: Annotated[int, Field(ge=0, le=365)] = 7
    pickup: PickupSection = PickupSection()


class Verification(Section):
    """What must be known of whoever asks for one reset, by the tier of the account; a higher tier never needs less."""

    standard: Needs = "said"
    sensitive: NeedsAbove = "in_person"
    privileged: NeedsAbove = "in_person"
    numbers_per_hour: Annotated[int, Field(ge=0, le=1000)] = 20
    number_life: Span = timedelta(minutes=5)
    vouch_life: Span = timedelta(minutes=10)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        least = list(get_args(Needs))
        if not least.index(self.standard) <= least.index(self.sensitive) <= least.index(self.privileged):
            raise ValueError(f"a higher tier may not need less; from the least to the most: {', '.join(least)}")
        return self


class StepUp(Section):
    """How an admin proves to be the one who asks."""

    totp_in_slack: bool = True
    standard: Level = 1
    many: Level = 2
    sensitive: Level = 2
    privileged: Level = 3


class Approvals(Section):
    """How many others have to agree, who, and until when."""

    standard: Approving = 0
    few: Approving = 1
    many: Approving = 2
    many_from: Annotated[int, Field(ge=2, le=100_000)] = 51
    security_from: Annotated[int, Field(ge=0, le=100_000)] = 501
    sensitive: Approving = 1
    privileged: Approving = 2
    single: Span = timedelta(minutes=15)
    bulk: Span = timedelta(hours=4)
    begin_within: Span = timedelta(minutes=30)
    escalation: tuple[Name, ...] = ()


class DirectorySection(Section):
    """One directory: what every kind has. `options` are the kind's own keys, checked by its connector."""

    name: Name
    kind: str
    display: str = ""
    verified_domains: tuple[str, ...] | None = None
    gates: tuple[Literal["mail", "slack"], ...] = ()
    never: tuple[str, ...] = ()
    tiers: Tiers = Tiers()
    index_refresh: Span = timedelta(minutes=5)
    concurrency: Annotated[int, Field(ge=1, le=64)] = 32
    lanes: Annotated[int, Field(ge=0, le=64)] = 0
    pace: Annotated[float, Field(ge=0, le=10_000)] = 0
    options: Any = None


class Settings(Section):
    """The whole configuration, as `bot.config.load` reads it."""

    slack: Slack = Field(default_factory=Slack)
    web: Web = Field(default_factory=Web)
    store: StoreSection = Field(default_factory=StoreSection)
    keys: Keys = Field(default_factory=Keys)
    mail: Mail = Field(default_factory=Mail)
    directories: tuple[DirectorySection, ...] = ()
    step_up: StepUp = Field(default_factory=StepUp)
    approvals: Approvals = Field(default_factory=Approvals)
    delivery: Delivery = Field(default_factory=Delivery)
    verification: Verification = Field(default_factory=Verification)
    limits: Limits = Field(default_factory=Limits)
    roles: tuple[Role, ...] = (Role(),)
    expect: tuple[Expect, ...] = ()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        for what, names in (
            ("directories", [d.name for d in self.directories]),
            ("roles", [r.name for r in self.roles]),
        ):
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise ValueError(f"{what}: the name {twice[0]!r} is given twice; rename one")
        return self

    @model_validator(mode="after")
    def _named(self) -> Self:
        if wrong := next(
            mistakes(self.roles, [d.name for d in self.directories], self.expect, self.approvals.escalation), None
        ):
            raise ValueError(wrong)
        return self
