"""What the workspace sends has the shape of what Slack sends, by Slack's own types where they are at hand."""

from __future__ import annotations

import pytest

from tests.support import specs

MORGAN, DESK, SHARED = "U0MORGAN001", "C0ITDESK001", "C0SHARED001"
OPTION = {"text": {"type": "plain_text", "text": "Robin Meyer"}, "value": "acme:1"}


def check(name, payload):
    """Hold a payload against Slack's published types.

    They call `enterprise` an object where Slack sends null outside a Grid, and want a response_url from a view's
    actions, which have none.
    """
    held = {key: value for key, value in payload.items() if key != "enterprise" or value is not None}
    if payload.get("container", {}).get("type") == "view" and payload["type"] == "block_actions":
        held["response_url"] = ""
    assert [error.message for error in specs.inbound(name).iter_errors(held)] == []


@pytest.fixture
async def view(bot, workspace, build):
    """A modal with one of each input that our bot has."""
    go = {"type": "button", "action_id": "go", "text": build.text("Go"), "value": "1"}
    blocks = [
        {"type": "section", "block_id": "about", "text": {"type": "mrkdwn", "text": "*Hello*"}, "accessory": go},
        build.field("who", "who_pick", "external_select") | {"dispatch_action": True},
        build.field("why", "why_pick", "static_select", options=[OPTION], initial_option=OPTION),
        build.field("options", "tick", "checkboxes", options=[OPTION], initial_options=[OPTION]),
        build.field("tier", "tier_pick", "radio_buttons", options=[OPTION], initial_option=OPTION),
        build.field("code", "code_text"),
        build.field("people", "people_pick", "multi_users_select") | {"optional": True},
    ]
    form = build.modal(*blocks, submit=build.text("Send"), close=build.text("Cancel"), notify_on_close=True)
    return (await bot.client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=form))["view"]


async def test_slash_command(bot, workspace):
    """X_SlashCommand."""
    await workspace.do(MORGAN, do="say", channel=DESK, text="/reset-password @robin")
    check("X_SlashCommand", await bot.next())


async def test_block_actions_in_a_view(bot, workspace, view):
    """X_BlockAction, for a button and for a select that tells at once."""
    where = {"type": "view", "view_id": view["id"]}
    await workspace.do(MORGAN, do="act", container=where, action={"block_id": "about", "action_id": "go"})
    pressed = await bot.next()
    check("X_BlockAction", pressed)
    assert (pressed["actions"][0]["value"], "response_url" in pressed) == ("1", False)
    chosen = {"block_id": "who", "action_id": "who_pick", "type": "external_select", "selected_option": OPTION}
    await workspace.do(MORGAN, do="act", container=where, action=chosen)
    picked = await bot.next()
    check("X_BlockAction", picked)
    assert picked["actions"][0]["selected_option"] == OPTION
    assert picked["view"]["state"]["values"]["who"]["who_pick"]["selected_option"] == OPTION


async def test_block_actions_on_a_message(bot, workspace, build):
    """X_BlockAction, with the message, its channel and a response_url."""
    go = {"type": "button", "action_id": "go", "text": build.text("Go"), "style": "danger"}
    blocks = [{"type": "actions", "block_id": "do", "elements": [go]}]
    posted = await bot.client.chat_postMessage(channel=DESK, text="x", blocks=blocks)
    where = {"type": "message", "channel": DESK, "ts": posted["ts"]}
    await workspace.do(MORGAN, do="act", container=where, action={"block_id": "do", "action_id": "go"})
    payload = await bot.next()
    check("X_BlockAction", payload)
    assert payload["container"]["is_ephemeral"] is False
    said = await bot.client.chat_postEphemeral(channel=DESK, user=MORGAN, text="x", blocks=blocks)
    where = {"type": "ephemeral", "channel": DESK, "ts": said["message_ts"]}
    await workspace.do(MORGAN, do="act", container=where, action={"block_id": "do", "action_id": "go"})
    payload = await bot.next()
    check("X_BlockAction", payload)
    assert (payload["container"]["is_ephemeral"], "message" in payload) == (True, False)


async def test_block_actions_at_home(bot, workspace, build):
    """X_BlockAction, from the Home tab."""
    go = {"type": "button", "action_id": "home_reset", "text": build.text("Reset")}
    home = {"type": "home", "blocks": [{"type": "actions", "block_id": "do", "elements": [go]}]}
    await bot.client.views_publish(user_id=MORGAN, view=home)
    action = {"block_id": "do", "action_id": "home_reset"}
    await workspace.do(MORGAN, do="act", container={"type": "home"}, action=action)
    payload = await bot.next()
    check("X_BlockAction", payload)
    assert payload["view"]["type"] == "home"


async def test_suggestion(bot, workspace, view):
    """X_BlockSuggestion, from three letters on; the options come back."""
    bot.answers["block_suggestion"] = {"options": [OPTION]}
    ask = {"container": {"type": "view", "view_id": view["id"]}, "block_id": "who", "action_id": "who_pick"}
    assert await workspace.do(MORGAN, do="suggest", **ask, value="ro") == {"options": []}
    assert bot.heard.empty()
    assert await workspace.do(MORGAN, do="suggest", **ask, value="rob") == {"options": [OPTION]}
    check("X_BlockSuggestion", await bot.next())


async def test_submission_and_closing(bot, workspace, view):
    """X_ViewSubmit and X_ViewClosed."""
    values = {
        "who": {"who_pick": {"type": "external_select", "selected_option": OPTION}},
        "code": {"code_text": {"type": "plain_text_input", "value": "123456"}},
    }
    bot.answers["view_submission"] = {"response_action": "errors", "errors": {"code": "Wrong"}}
    await workspace.do(MORGAN, do="submit", view_id=view["id"], values=values)
    payload = await bot.next()
    check("X_ViewSubmit", payload)
    assert payload["view"]["state"]["values"]["people"]["people_pick"]["selected_users"] == []
    await workspace.do(MORGAN, do="close", view_id=view["id"])
    check("X_ViewClosed", await bot.next())


async def test_message_shortcut(bot, workspace):
    """message_action: the message, whose it is, and a trigger."""
    await workspace.do("U0ROBIN0001", do="say", channel=DESK, text="I forgot my password")
    ts = workspace.world.history(DESK)[0]["ts"]
    await workspace.do(MORGAN, do="shortcut", callback_id="reset_person", channel=DESK, ts=ts)
    payload = await bot.next()
    assert (payload["type"], payload["callback_id"]) == ("message_action", "reset_person")
    assert (payload["message"]["user"], payload["user"]["id"]) == ("U0ROBIN0001", MORGAN)
    await bot.client.views_open(
        trigger_id=payload["trigger_id"],
        view={"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [{"type": "divider"}]},
    )


async def test_app_home_opened(bot, workspace):
    """The event names the person, the tab and the direct message, and the Home that stood there."""
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    await bot.client.views_publish(user_id=MORGAN, view=home)
    await workspace.do(MORGAN, do="home")
    payload = await bot.next()
    event = payload["event"]
    assert (payload["type"], event["type"], event["tab"]) == ("event_callback", "app_home_opened", "home")
    assert (event["user"], event["channel"][0], event["view"]["type"]) == (MORGAN, "D", "home")
    assert payload["authorizations"][0]["is_bot"]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("@robin", "<@U0ROBIN0001|robin>"),
        ("<@U0ROBIN0001>", "<@U0ROBIN0001|robin>"),
        ("@nobody", "@nobody"),
        ("robin.meyer@acme.example", "<mailto:robin.meyer@acme.example|robin.meyer@acme.example>"),
        ("#it-desk", "<#C0ITDESK001|it-desk>"),
        ("a & <b>", "a &amp; &lt;b&gt;"),
        ("<@U0NOBODY001>", "<@U0NOBODY001>"),
    ],
)
async def test_what_is_typed_is_escaped_as_slack_does(bot, workspace, typed, sent):
    """should_escape: people, addresses and channels become ids and links; <, > and & are escaped."""
    await workspace.do(MORGAN, do="say", channel=DESK, text=f"/reset-password {typed}")
    assert (await bot.next())["text"] == sent
