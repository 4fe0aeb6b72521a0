"""The manifest and the code say the same, in both directions, and ask Slack for nothing more than is used."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from handlers.hook import Hook
from handlers.register import SURFACES

ROOT = Path(__file__).parents[2]
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text())

# What each method that we call needs of a bot token. None: nothing, or an optional look that may be refused.
# Source: docs.slack.dev, "Web API methods"; held against Slack's own documents below.
NEEDS = {
    "apps.connections.open": None,  # takes the app token
    "auth.test": None,
    "bots.info": "users:read",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "im:history",
    "conversations.info": "groups:read",
    "conversations.open": "im:write",
    "conversations.replies": "im:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
    "views.open": None,
    "views.publish": None,
    "views.push": None,
    "views.update": None,
}
CALL = re.compile(
    r"client\.((?:apps|auth|blocks|bots|chat|conversations|files|team|usergroups|users|views)_[A-Za-z_]+)\("
)


def called():
    """Return the Web API methods that the code calls, by reading it."""
    known = {method.replace(".", "_"): method for method in NEEDS}
    sources = [path.read_text() for room in ("bot", "handlers", "notify") for path in (ROOT / room).glob("*.py")]
    return {known.get(name, name) for source in sources for name in CALL.findall(source)}


def ids(hook):
    return {surface.id for surface in SURFACES.values() if surface.hook is hook}


def test_commands_are_those_that_are_answered():
    """And mentions come as ids."""
    commands = MANIFEST["features"]["slash_commands"]
    assert {command["command"] for command in commands} == ids(Hook.COMMAND)
    assert all(command["should_escape"] for command in commands)


def test_shortcuts_are_those_that_are_answered():
    """All of them on messages."""
    shortcuts = MANIFEST["features"]["shortcuts"]
    assert {shortcut["callback_id"] for shortcut in shortcuts} == ids(Hook.SHORTCUT)
    assert {shortcut["type"] for shortcut in shortcuts} == {"message"}


def test_the_help_names_the_shortcut_as_slack_does():
    """People look for it under this name."""
    from views.cards import help_blocks

    assert all(f"*{shortcut['name']}*" in json.dumps(help_blocks()) for shortcut in MANIFEST["features"]["shortcuts"])


def test_events_are_those_that_are_answered():
    """Nothing is subscribed to that nobody hears."""
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == ids(Hook.EVENT)
    assert "user_events" not in MANIFEST["settings"]["event_subscriptions"]


def test_interactivity_is_on_and_complete():
    """Buttons, modals and the typeahead; over HTTP each has its address, and it is one address."""
    settings = MANIFEST["settings"]
    assert settings["interactivity"]["is_enabled"]
    addresses = {
        settings["interactivity"]["request_url"],
        settings["interactivity"]["message_menu_options_url"],
        settings["event_subscriptions"]["request_url"],
        *(command["url"] for command in MANIFEST["features"]["slash_commands"]),
    }
    assert len(addresses) == 1
    assert addresses.pop().endswith("/slack/events")
    assert settings["socket_mode_enabled"]
    assert not settings["org_deploy_enabled"]


def test_home_and_messages_are_on():
    """Home is a surface; a direct message needs the other tab."""
    tabs = MANIFEST["features"]["app_home"]
    assert tabs["home_tab_enabled"]
    assert tabs["messages_tab_enabled"]


def test_the_scopes_are_those_that_are_used():
    """Every called method's scope is asked for, and no other; no scope acts for a person."""
    assert called() == set(NEEDS), "a method is called that NEEDS does not know, or no longer"
    used = {scope for method, scope in NEEDS.items() if scope} | {"commands"}
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == used
    assert set(MANIFEST["oauth_config"]["scopes"]) == {"bot"}


def test_every_id_in_our_views_is_a_surface():
    """What people can press, submit or search in our views is heard; fields of a form are read with it."""
    source = "\n".join(path.read_text() for path in (ROOT / "views").glob("*.py"))
    buttons = set(re.findall(r'blocks\.button\(\s*[^,]+,\s*"(\w+)"', source))
    assert buttons == ids(Hook.ACTION)
    forms = {"resume_form", "reset_form", "reset_who", "pickup_form", "bulk_form", "bulk_preview"}
    forms |= {"approval_form", "denial_form", "vouch_form"}
    assert set(re.findall(r'(?:_FORM|RESET_WHO) = "(\w+)"', source)) == forms
    assert ids(Hook.SUBMISSION) == forms
    searches = re.findall(r'"external_select",\s*"action_id": "(\w+)"|search_many\(\s*"(\w+)"', source)
    assert ids(Hook.OPTIONS) == {one or other for one, other in searches}


def specs():
    if (folder := os.environ.get("REKEY_SPECS")) is None:
        pytest.skip("REKEY_SPECS is unset: Slack's documents do not stand beside the project")
    return Path(folder) / "slack"


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_slack_takes_the_manifest(version):
    """Slack's own schema finds no fault in it."""
    import jsonschema

    schema = json.loads((specs() / f"slack-manifest.schema.{version}.json").read_text())
    jsonschema.validators.validator_for(schema)(schema).validate(MANIFEST)


@pytest.mark.parametrize("method", [method for method in NEEDS if method != "apps.connections.open"])
def test_slacks_documents_say_the_same_of_scopes(method):
    """Each scope stands in the method's own page; where we ask for none, none is needed or we can do without."""
    page = json.loads((specs() / "slack-methods-docs" / f"{method}.json").read_text())
    allowed = page["scope"].get("bot", []) if isinstance(page["scope"], dict) else []
    if NEEDS[method] is None:
        assert not allowed or method == "conversations.info"
    else:
        assert NEEDS[method] in allowed
