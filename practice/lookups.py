"""The methods that only read: who and what there is, and the way into Socket Mode."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice import validate
from practice.blocks import Surface
from practice.calls import Method, Token, number
from practice.errors import SlackSaysNo
from practice.limits import UNLIMITED_USERS, Tier
from practice.people import Kind, Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.world import World

Json = dict[str, Any]
_READ = "users:read"
SLACKBOT = "USLACKBOT"


@dataclass(slots=True)
class Lookups:
    """Reads the world; `ticket` gives a fresh Socket Mode address."""

    world: World
    ticket: Callable[[], str]

    def methods(self) -> dict[str, Method]:
        """Answer the methods by name."""

        def form(run: Callable[[Json], Json], tier: Tier, scope: str, *needed: str) -> Method:
            return Method(run, tier, (scope,), needed, reads_json=False)

        return {
            "api.test": Method(lambda arguments: {"args": arguments}, Tier.FOUR, token=Token.NONE),
            "auth.test": Method(self.auth, Tier.SPECIAL),
            "apps.connections.open": Method(lambda _: {"url": self.ticket()}, Tier.THREE, token=Token.APP),
            "blocks.validate": Method(self.validate, Tier.THREE),
            "bots.info": form(self.bot, Tier.THREE, _READ),
            "team.info": Method(self.team, Tier.THREE, ("team:read",)),
            "users.info": form(self.user, Tier.FOUR, _READ, "user"),
            "users.list": form(self.users, Tier.TWO, _READ),
            "users.lookupByEmail": form(self.by_mail, Tier.THREE, "users:read.email", "email"),
        }

    def auth(self, _arguments: Json) -> Json:
        """Say whose token this is."""
        world = self.world
        return {
            "url": f"https://{world.domain}.slack.com/",
            "team": world.name,
            "user": world.app.name.lower(),
            "team_id": world.team,
            "user_id": world.app.bot_user,
            "bot_id": world.app.bot_id,
            "is_enterprise_install": False,
        }

    def bot(self, arguments: Json) -> Json:
        """Describe the app's bot."""
        app = self.world.app
        if arguments.get("bot", app.bot_id) != app.bot_id:
            raise SlackSaysNo("bot_not_found")
        bot = {"id": app.bot_id, "deleted": False, "name": app.name, "app_id": app.id, "user_id": app.bot_user}
        return {"bot": bot | {"updated": 1449272004, "icons": {}}}

    def team(self, arguments: Json) -> Json:
        """Describe the workspace."""
        world = self.world
        if arguments.get("team", world.team) != world.team:
            raise SlackSaysNo("team_not_found")
        team = {"id": world.team, "name": world.name, "domain": world.domain, "email_domain": "acme.example"}
        return {"team": team | {"icon": {"image_default": True}}}

    def user(self, arguments: Json) -> Json:
        """Describe one person, or the app's own bot user."""
        user = str(arguments["user"])
        if user == self.world.app.bot_user:
            return {"user": self._own_bot()}
        person = self.world.people.get(user)
        if person is None:
            raise SlackSaysNo("user_not_found")
        return {"user": self.described(person)}

    def users(self, arguments: Json) -> Json:
        """List everybody, page by page: the deactivated, guests, bots, people met in shared channels, and Slackbot."""
        people = self.world.people
        known = {one: self.described(people[one]) for one in people}
        known |= {self.world.app.bot_user: self._own_bot(), SLACKBOT: self._slackbot()}
        everybody = sorted(known)
        limit = number(arguments, "limit", UNLIMITED_USERS, most=UNLIMITED_USERS)
        if len(everybody) > UNLIMITED_USERS and not arguments.get("limit"):
            raise SlackSaysNo("limit_required")
        start = _after(arguments.get("cursor"), everybody)
        page, rest = everybody[start : start + limit], everybody[start + limit :]
        cursor = base64.b64encode(f"user:{rest[0]}".encode()).decode() if rest else ""
        return {
            "members": [known[one] for one in page],
            "cache_ts": int(self.world.clock().timestamp()),
            "response_metadata": {"next_cursor": cursor},
        }

    def by_mail(self, arguments: Json) -> Json:
        """Find a living member or guest of this workspace by address."""
        wanted = str(arguments["email"]).strip().casefold()
        for person in self.world.people.values():
            known = person.mail.casefold() == wanted and person.team == self.world.team
            if known and not person.deleted and not person.bot:
                return {"user": self.described(person)}
        raise SlackSaysNo("users_not_found")

    def validate(self, arguments: Json) -> Json:
        """Judge blocks, a view or a message without showing it."""
        given = [name for name in ("blocks", "view", "message") if arguments.get(name)]
        if len(given) != 1:
            raise SlackSaysNo("invalid_arguments", "must provide exactly one of `blocks`, `view`, or `message`")
        value = arguments[given[0]]
        try:
            if given[0] == "view":
                home = isinstance(value, dict) and value.get("type") == "home"
                validate.view(value, Surface.HOME if home else Surface.MODAL)
            else:
                validate.message_blocks(value.get("blocks") if given[0] == "message" else value)
        except SlackSaysNo as refused:
            raise SlackSaysNo(f"invalid_{given[0]}", *refused.details) from refused
        return {}

    def described(self, person: Person) -> Json:
        """Answer a person as users.info does; the address only with users:read.email, and never a stranger's."""
        own = person.team == self.world.team
        profile: Json = {
            "real_name": person.name,
            "real_name_normalized": person.name,
            "display_name": person.handle,
            "display_name_normalized": person.handle,
            "title": person.title,
            "avatar_hash": "",
            "status_text": "",
            "status_emoji": "",
            "team": person.team,
        }
        if own and person.mail and "users:read.email" in self.world.app.scopes:
            profile["email"] = person.mail
        user: Json = {
            "id": person.id,
            "team_id": person.team,
            "name": person.handle,
            "deleted": person.deleted,
            "real_name": person.name,
            "profile": profile,
            "is_bot": person.bot,
            "is_app_user": False,
            "updated": 1502138686,
        }
        if not own:
            return user | {"is_stranger": True, "is_restricted": False, "is_ultra_restricted": False}
        if person.deleted:
            return user
        return user | {
            "tz": "Europe/Berlin",
            "tz_label": "Central European Time",
            "tz_offset": 3600,
            "is_admin": person.kind in {Kind.ADMIN, Kind.SECOND_ADMIN},
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": person.kind is Kind.GUEST,
            "is_ultra_restricted": person.kind is Kind.GUEST and person.single_channel,
            "is_email_confirmed": True,
        }

    def _own_bot(self) -> Json:
        app = self.world.app
        names = {"real_name": app.name, "display_name": app.name, "bot_id": app.bot_id, "api_app_id": app.id}
        return {
            "id": app.bot_user,
            "team_id": self.world.team,
            "name": app.name.lower(),
            "deleted": False,
            "real_name": app.name,
            "profile": names | {"team": self.world.team},
            "is_bot": True,
            "is_restricted": False,
            "is_ultra_restricted": False,
        }

    def _slackbot(self) -> Json:
        # Slackbot is a bot to everybody but to Slack: is_bot is false.
        name = {"real_name": "Slackbot", "display_name": "Slackbot", "team": self.world.team}
        return self._own_bot() | {
            "id": SLACKBOT,
            "name": "slackbot",
            "real_name": "Slackbot",
            "profile": name | {"always_active": True},
            "is_bot": False,
        }


def _after(cursor: object, everybody: list[str]) -> int:
    if cursor in (None, ""):
        return 0
    try:
        word, _, user = base64.b64decode(str(cursor), validate=True).decode().partition(":")
        if word == "user":
            return everybody.index(user)
    except (binascii.Error, ValueError) as bad:
        raise SlackSaysNo("invalid_cursor") from bad
    raise SlackSaysNo("invalid_cursor")
