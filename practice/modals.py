"""Views: each person's stack of modals, three deep, and each person's Home."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from practice import limits, validate
from practice.blocks import Surface, dress, elements_of
from practice.errors import SlackSaysNo
from practice.state import carried

if TYPE_CHECKING:
    from practice.world import World

Json = dict[str, Any]


@dataclass(slots=True)
class Open:
    """One view that a person has before them.

    Attributes:
        body: the view as the app gave it, dressed with ids and defaults.
        values: what the person has entered so far, as Slack's state.values.
    """

    id: str
    user: str
    body: Json
    root: str
    previous: str | None
    hash: str = ""
    values: Json = field(default_factory=dict)

    @property
    def external(self) -> str:
        """The app's own id for the view, or nothing."""
        return str(self.body.get("external_id") or "")


@dataclass(slots=True)
class Modals:
    """All views that are open, and all Homes."""

    world: World
    stacks: dict[str, list[Open]] = field(default_factory=dict)
    homes: dict[str, Open] = field(default_factory=dict)

    def remember(self) -> None:
        """Put the Homes back that the shelf holds."""
        for kept in self.world.shelf.all("home"):
            home = Open(kept["id"], kept["user"], kept["body"], kept["id"], None, kept["hash"])
            self.homes[home.user] = home

    def find(self, view_id: str) -> Open | None:
        """Answer an open modal or a Home by its id."""
        held = [one for stack in self.stacks.values() for one in stack]
        return next((one for one in [*held, *self.homes.values()] if one.id == view_id), None)

    def top(self, user: str) -> Open | None:
        """Answer the modal that a person sees."""
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def open(self, user: str, body: object) -> Open:
        """Open a modal; one that stood open is put aside.

        Raises:
            SlackSaysNo: the view is not one, its external_id is in use, or it asks for files without files:read.
        """
        checked = self._checked(body)
        view_id = self.world.new_id("V")
        fresh = Open(view_id, user, checked, view_id, None, self._hash())
        self.stacks[user] = [fresh]
        self.show(user)
        return fresh

    def push(self, user: str, body: object) -> Open:
        """Lay a modal over the one that a person sees.

        Raises:
            SlackSaysNo: as for `open`; not_found when none is open; push_limit_reached at the third.
        """
        checked = self._checked(body)
        below = self.top(user)
        if below is None:
            raise SlackSaysNo("not_found")
        stack = self.stacks[user]
        if len(stack) >= limits.VIEW_STACK:
            raise SlackSaysNo("push_limit_reached")
        fresh = Open(self.world.new_id("V"), user, checked, stack[0].id, below.id, self._hash())
        stack.append(fresh)
        self.show(user)
        return fresh

    def update(self, view: Open, body: object, *, hash_: object = None) -> Open:
        """Put another body into an open view; entered values stay where block and action stay.

        Raises:
            SlackSaysNo: as for `open`; hash_conflict when the view changed since `hash_`.
        """
        surface = Surface(view.body["type"])
        checked = self._checked(body, surface=surface, but=view)
        if hash_ is not None and hash_ != view.hash:
            raise SlackSaysNo("hash_conflict")
        view.body = checked
        view.values = carried(checked["blocks"], view.values)
        view.hash = self._hash()
        if surface is Surface.HOME:
            self._keep_home(view)
        else:
            self.show(view.user)
        return view

    def publish(self, user: str, body: object, *, hash_: object = None) -> Open:
        """Put up a person's Home.

        Raises:
            SlackSaysNo: as for `update`.
        """
        home = self.homes.get(user)
        if home is not None:
            return self.update(home, body, hash_=hash_)
        checked = self._checked(body, surface=Surface.HOME)
        view_id = self.world.new_id("V")
        home = Open(view_id, user, checked, view_id, None, self._hash())
        self.homes[user] = home
        self._keep_home(home)
        return home

    def close(self, view: Open) -> None:
        """Take one view off its person's stack."""
        stack = self.stacks.get(view.user, [])
        if view in stack:
            stack.remove(view)
            self.world.push(view.user, {"push": "view_closed", "view_id": view.id, "all": not stack})
        if stack:
            self.show(view.user)

    def clear(self, user: str) -> list[Open]:
        """Take all of a person's modals away; answer them, the top first."""
        gone = self.stacks.pop(user, [])
        if gone:
            self.world.push(user, {"push": "view_closed", "view_id": None, "all": True})
        return gone[::-1]

    def show(self, user: str) -> None:
        """Draw the top of a person's stack on their page."""
        stack = self.stacks.get(user)
        if stack:
            self.world.push(user, {"push": "view", "view": self.shown(stack[-1]), "stack": len(stack)})

    def shown(self, view: Open) -> Json:
        """Answer a view as Slack gives it back, in answers and payloads."""
        world = self.world
        shown: Json = {
            "id": view.id,
            "team_id": world.team,
            "app_id": world.app.id,
            "app_installed_team_id": world.team,
            "bot_id": world.app.bot_id,
            "title": {"type": "plain_text", "text": "View Title", "emoji": True},
            "close": None,
            "submit": None,
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            **view.body,
            "state": {"values": view.values},
            "hash": view.hash,
            "root_view_id": view.root,
            "previous_view_id": view.previous,
        }
        return shown

    def _checked(self, body: object, *, surface: Surface = Surface.MODAL, but: Open | None = None) -> Json:
        checked = validate.view(body, surface)
        self._may_read_files(checked)
        external = checked.get("external_id")
        held = [*(one for stack in self.stacks.values() for one in stack), *self.homes.values()]
        if external and any(one.external == external and one is not but for one in held):
            raise SlackSaysNo("duplicate_external_id")
        return {**checked, "blocks": dress(checked["blocks"], lambda: secrets.token_urlsafe(4))}

    def _may_read_files(self, view: Json) -> None:
        # A field for files that the app could not read afterwards is refused from the start.
        scopes = self.world.app.scopes
        asks = any(one.get("type") == "file_input" for block in view["blocks"] for one in elements_of(block))
        if asks and "files:read" not in scopes:
            raise SlackSaysNo("missing_scope", needed="files:read", provided=",".join(sorted(scopes)))

    def _hash(self) -> str:
        return f"{int(self.world.clock().timestamp())}.{secrets.token_hex(4)}"

    def _keep_home(self, home: Open) -> None:
        self.world.shelf.put(
            "home", home.user, {"id": home.id, "user": home.user, "body": home.body, "hash": home.hash}
        )
        self.world.push(home.user, {"push": "home", "view": self.shown(home)})
