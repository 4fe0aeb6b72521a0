"""A person's hands without a browser: what the page would send, sent straight to the practice workspace."""

from __future__ import annotations

import json
import re

from practice.objects import offered
from practice.state import FIELDS

PICKUP_CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")


class Hands:
    """One person.

    Attributes:
        workspace: practice.server.Workspace.
        user: the Slack id.
    """

    def __init__(self, workspace, user):
        self.workspace = workspace
        self.user = user

    async def do(self, what, **frame):
        return await self.workspace.do(self.user, do=what, **frame)

    @property
    def view(self):
        return self.workspace.modals.top(self.user)

    def shows(self, text):
        """Return the open modal if it holds a text."""
        return self.view if self.view is not None and text in json.dumps(self.view.body, ensure_ascii=False) else None

    async def submit(self, ticked=(), **typed):
        """Submit the open modal: boxes as "block:value" (a block that is named is ticked so, and not otherwise)."""
        values = {}
        blocks = {block["block_id"]: block for block in self.view.body["blocks"] if "element" in block}
        for name in {one.partition(":")[0] for one in ticked}:
            element = blocks[name]["element"]
            chosen = [one for one in element["options"] if f"{name}:{one['value']}" in ticked]
            values[name] = {element["action_id"]: {"type": element["type"], "selected_options": chosen}}
        for name, text in typed.items():
            element = blocks[name]["element"]
            values[name] = {element["action_id"]: {"type": element["type"], "value": text}}
        return await self.do("submit", view_id=self.view.id, values=values)

    # -- any form ----------------------------------------------------------------------------------------------

    def element(self, block):
        """Return the element of the open modal's input block."""
        return next(one["element"] for one in self.view.body["blocks"] if one["block_id"] == block)

    async def suggest(self, block, text):
        """Type into an external select, and return all options that the bot offers, through their groups."""
        where = {"container": {"type": "view", "view_id": self.view.id}, "block_id": block}
        answer = await self.do("suggest", **where, action_id=self.element(block)["action_id"], value=text)
        return offered(answer)

    async def pick(self, block, text, words=""):
        """Type into an external select, and return the first option whose name holds `words`."""
        found = await self.suggest(block, text)
        return next(one for one in found if words in one["text"]["text"])

    async def upload(self, block, name, data, *, any_type=False):
        """Choose a file in a file_input, and return Slack's object for it; with `any_type` past the client's filter."""
        workspace, uploads = self.workspace, self.workspace.uploads
        where = {"view_id": self.view.id, "block_id": block, "action_id": self.element(block)["action_id"]}
        if any_type:
            file = await uploads.put(self.user, name, _once(data))
        else:
            file = await uploads.take(workspace.people[self.user], where | {"name": name}, _once(data))
        return workspace.files.described(file)

    async def send(self, **entered):
        """Submit the open modal, by block: a text, a number as text, seconds, values of options, options, or files."""
        values = {}
        for block, given in entered.items():
            element = self.element(block)
            member = FIELDS[element["type"]][0]
            options = {one["value"]: one for one in offered(element)}
            meant = [options.get(one, one) if isinstance(one, str) else one for one in _listed(given)]
            many = member in {"selected_options", "files"}
            values[block] = {element["action_id"]: {"type": element["type"], member: meant if many else meant[0]}}
        return await self.do("submit", view_id=self.view.id, values=values)

    # -- files and threads -------------------------------------------------------------------------------------

    def shared(self):
        """Return the files that the bot has sent to this person, the newest last."""
        return [file for message in self.messages()[1] for file in message.get("files", ())]

    def read(self, file):
        """Return the bytes of a file."""
        return self.workspace.files.read(file["id"])

    async def delete(self, file):
        """Delete a file of one's own, as the page's button does."""
        return await self.do("delete_file", file=file["id"])

    def thread(self, message):
        """Return the replies to a message of the bot's."""
        return self.workspace.world.thread(self.messages()[0], message["ts"])

    # -- messages ----------------------------------------------------------------------------------------------

    def pickup_code(self):
        """Read the pickup code off the open modal; None where it has none."""
        headers = [block["text"]["text"] for block in self.view.body["blocks"] if block["type"] == "header"]
        return next((text for text in headers if PICKUP_CODE.fullmatch(text)), None)

    def messages(self):
        """Return the conversation with the bot, and its messages."""
        world = self.workspace.world
        direct = world.direct(self.user)
        return direct.id, world.history(direct.id)

    def buttons(self, action):
        """Return (channel, message, block, button) of every living button with an action id, the newest last."""
        channel, messages = self.messages()
        places = [(m, b, e) for m in messages for b in m.get("blocks", ()) for e in _buttons(b)]
        return [(channel, m, b, e) for m, b, e in places if e.get("action_id") == action]

    async def press(self, action):
        """Press the newest button with an action id."""
        channel, message, block, button = self.buttons(action)[-1]
        return await self.do(
            "act",
            container={"type": "message", "channel": channel, "ts": message["ts"]},
            action={
                "type": "button",
                "block_id": block["block_id"],
                "action_id": action,
                "value": button.get("value", ""),
            },
            values={},
        )


def _buttons(block):
    return [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else [])]


def _listed(given):
    return given if isinstance(given, list) else [given]


async def _once(data):
    yield data
