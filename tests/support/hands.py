"""A person's hands without a browser: what the page would send, sent straight to the practice workspace."""

from __future__ import annotations

import json
import re

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
