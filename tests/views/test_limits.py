"""Whatever people are called, Slack takes every view and every message, and nothing in them acts by itself."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from practice import validate
from practice.blocks import Surface
from tests.views import catalogue, samples
from tests.views.catalogue import walk

TEXTS = (catalogue.ANNA, *samples.HOSTILE)
# What a rendered text may hold in angle brackets: dates and the people that we mention, nothing else.
OURS = re.compile(r"<(!date\^\d+\^\{date_short_pretty\} at \{time(_secs)?\}\|[0-9: -]+UTC|@U0(ADMIN|ANNA))>")


def texts(value):
    return [part for part in walk(value) if part.get("type") in ("mrkdwn", "plain_text")]


def demand_within_limits(view):
    if "type" in view:
        View(**view).to_dict()
        assert len(json.dumps(view)) < 250_000
    else:
        parsed = [block.to_dict() for block in Block.parse_all(view["blocks"])]
        assert len(parsed) == len(view["blocks"]) <= 50
        assert 0 < len(view["text"]) <= 4000
        assert len(json.dumps(view["blocks"], ensure_ascii=False)) < 12_000
    blocks = view["blocks"]
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    assert all(0 < len(part["text"].encode("utf-16-le")) // 2 <= 3000 for part in texts(view))


def demand_harmless(view):
    said = [part["text"] for part in texts(view) if part["type"] == "mrkdwn"]
    if "text" in view:
        said.append(view["text"])
    for text in said:
        rest = OURS.sub("", text)
        assert "<" not in rest
        assert ">" not in rest
        assert not re.search(r"&(?!(amp|lt|gt);)", rest)
    everything = json.dumps([part["text"] for part in texts(view)], ensure_ascii=False)
    assert not re.search(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", everything)
    assert all(part.get("verbatim") is True for part in texts(view) if part["type"] == "mrkdwn")
    assert all(part["emoji"] is False for part in texts(view) if part["type"] == "plain_text")


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_slack_sdk_takes_everything(text):
    """Every view and message stays within Slack's numbers and has unique block ids, whoever the people are."""
    for view in (*catalogue.views(text).values(), *catalogue.messages(text).values()):
        demand_within_limits(view)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_slacks_documents_take_every_view(text, slack_specs):
    """Slack's own schema finds no fault in any modal or Home."""
    faults = {name: slack_specs.view_errors(view) for name, view in catalogue.views(text).items()}
    assert {name: fault for name, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_slacks_documents_take_every_message(text, slack_specs):
    """Slack's own schema finds no fault in any message."""
    faults = {name: slack_specs.blocks_errors(m["blocks"]) for name, m in catalogue.messages(text).items()}
    assert {name: fault for name, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_practice_workspace_takes_everything(text):
    """What stands in for Slack in the demo refuses none of it either."""
    for seen in catalogue.views(text).values():
        validate.view(seen, Surface(seen["type"]))
    for message in catalogue.messages(text).values():
        validate.message_blocks(message["blocks"])


@pytest.mark.parametrize("text", samples.HOSTILE, ids=range(len(samples.HOSTILE)))
def test_a_name_never_acts(text):
    """No name makes a mention, a link, an entity or an invisible turn of the text, in any view or message."""
    for name, view in (catalogue.views(text) | catalogue.messages(text)).items():
        if name != "sentence":  # words.sentence is ours; plain text needs no escaping
            demand_harmless(view)


@settings(max_examples=15)
@given(st.text(max_size=400))
def test_any_text_at_all(text):
    """The same holds for any Unicode text."""
    for name, view in (catalogue.views(text) | catalogue.messages(text)).items():
        demand_within_limits(view)
        if name != "sentence":
            demand_harmless(view)


def test_every_button_says_what_it_does_and_has_its_own_id():
    """Within a block no action id stands twice, and no button is without words."""
    for view in (*catalogue.views().values(), *catalogue.messages().values()):
        for block in view["blocks"]:
            ids = sorted(part["action_id"] for part in walk(block) if "action_id" in part)
            assert all(one != other for one, other in pairwise(ids))
            assert all(part["text"]["text"] for part in walk(block) if part.get("type") == "button")
