"""The modals: fixed ids, everything filled in, nothing promised that the directory cannot do."""

from __future__ import annotations

import pytest

from resets.evidence import How
from resets.reasons import Reason
from resets.request import Channel, Why
from tests.views import asked, catalogue, samples
from tests.views.catalogue import block, read
from views import account, forms, verification


def test_the_ids_are_the_ones_that_handlers_read_by():
    """Each input has the block and action id of its surface, each modal its callback id and form id."""
    reset = forms.reset(samples.ask_reset())
    ids = {b["block_id"]: b["element"]["action_id"] for b in reset["blocks"] if b["type"] == "input"}
    assert ids == {
        "why": "why_pick",
        "ticket": "ticket_text",
        "options": "options_tick",
        "delivery": "delivery_tick",
        "code": "code_text",
    }
    assert (reset["callback_id"], reset["private_metadata"], reset["submit"]["text"]) == ("reset_form", "F0RM", "Reset")
    who = forms.who(samples.ask_who())
    assert {b["block_id"]: b["element"]["action_id"] for b in who["blocks"] if b["type"] == "input"} == {
        "choice": "choice_pick",
        "who": "who_pick",
    }
    assert who["callback_id"] == "reset_who"
    pickup = forms.pickup(samples.pickup())
    assert block(pickup, "pickup")["element"]["action_id"] == "pickup_text"
    assert pickup["callback_id"] == "pickup_form"


def test_a_view_with_a_field_can_be_sent_and_one_without_can_not():
    """Slack refuses an input without a submit button; our skeleton and results have neither."""
    for name, view in catalogue.views().items():
        if view["type"] == "modal":
            has_field = any(b["type"] == "input" for b in view["blocks"])
            assert ("submit" in view) == (has_field or name == "pickup_without_code")


def test_everything_but_the_code_is_filled_in():
    """A person who looks and agrees types six digits and nothing else."""
    view = forms.reset(samples.ask_reset())
    filled = {
        "why": "initial_option",
        "options": "initial_options",
        "delivery": "initial_options",
    }
    assert all(key in block(view, block_id)["element"] for block_id, key in filled.items())
    assert block(view, "ticket")["optional"] is True
    assert block(view, "code")["optional"] is False
    assert "initial_value" not in block(view, "code")["element"]


def test_what_is_changed_is_filled_in_with_what_was_asked():
    """Reason, ticket, options and delivery as they were; what is not on offer any more is not ticked."""
    view = forms.reset(samples.ask_reset(approvals=1, before=asked.before()))
    assert block(view, "why")["element"]["initial_option"]["value"] == "compromise"
    assert block(view, "ticket")["element"]["initial_value"] == "INC-7"
    assert ticked(view, "options") == ["must_change", "clear_sessions", "unlock"]
    assert ticked(view, "delivery") == ["mail"]
    gone = forms.reset(samples.ask_reset(before=asked.before(), channels=(Channel.DM,), can_must_change=False))
    assert ticked(gone, "options") == ["clear_sessions", "unlock"]
    assert ticked(gone, "delivery") == ["dm"]


def ticked(view, block_id):
    return [option["value"] for option in block(view, block_id)["element"]["initial_options"]]


def test_how_the_caller_was_verified_is_never_chosen_beforehand():
    """Nobody but the requester knows; where the rules ask for nothing, there is no question."""
    asked = block(forms.reset(samples.ask_reset(hows=(How.IN_PERSON, How.TICKET))), "verified")
    assert asked["optional"] is False
    assert asked["element"]["action_id"] == "verified_pick"
    assert "initial_option" not in asked["element"]
    assert [option["value"] for option in asked["element"]["options"]] == ["in_person", "ticket"]
    assert block(forms.reset(samples.ask_reset()), "verified") is None


def test_every_way_has_its_words():
    """In the form, and wherever the request is shown."""
    assert set(verification.CHOICE) == set(verification.SAID) == set(How)
    assert verification.line(()).endswith("not verified.")


def test_a_locked_account_suggests_unlocking():
    """What is seen of the account decides the defaults; who is not locked is not unlocked."""
    locked = forms.reset(samples.ask_reset())
    assert block(locked, "why")["element"]["initial_option"]["value"] == Why.LOCKED_OUT.value
    assert "unlock" in [o["value"] for o in block(locked, "options")["element"]["initial_options"]]


def test_there_is_no_field_for_a_password():
    """The admin neither sees nor types one: no view of theirs asks for it."""
    for view in catalogue.views().values():
        for b in view["blocks"]:
            assert "password" not in (b.get("block_id", "") + b.get("element", {}).get("action_id", ""))


@pytest.mark.parametrize(
    ("changes", "said", "offered"),
    [
        ({"can_tokens": True}, "ends every session, on phones too, and revokes API tokens", True),
        ({}, "*cannot* revoke API tokens", True),
        ({"can_sessions": False, "can_tokens": True}, "*cannot* end sessions", True),
        ({"can_sessions": False}, "*cannot* end sessions or revoke API tokens", False),
        ({"can_unlock": False}, "*cannot* lift a lock", True),
        ({"can_must_change": False}, "*cannot* ask for a new password", True),
    ],
)
def test_what_a_directory_cannot_do_is_said(changes, said, offered):
    """An option that would do nothing is not there, and the form says so in words."""
    view = forms.reset(samples.ask_reset(**changes))
    assert said in read(view)
    values = [o["value"] for o in block(view, "options")["element"]["options"]]
    assert ("clear_sessions" in values) == offered
    assert ("unlock" in values) == changes.get("can_unlock", True)
    assert ("must_change" in values) == changes.get("can_must_change", True)


def test_a_directory_that_can_nothing_still_has_a_form():
    """Without any option the block is gone, since Slack refuses an empty list."""
    bare = dict.fromkeys(("can_must_change", "can_sessions", "can_tokens", "can_unlock"), False)
    view = forms.reset(samples.ask_reset(**bare))
    assert block(view, "options") is None
    assert "stay" in read(view)


@pytest.mark.parametrize("reason", Reason)
def test_why_there_is_no_dm_is_said(reason):
    """A delivery that is not offered is not hidden, whatever the reason."""
    view = forms.reset(samples.ask_reset(channels=(Channel.MAIL,), no_dm=reason))
    assert "No Slack message: " in read(view)
    assert [o["value"] for o in block(view, "delivery")["element"]["initial_options"]] == ["mail"]


def test_the_pickup_code_is_large_and_nowhere_else():
    """It stands once, in a header by itself, with how to use it; without one nothing speaks of a code."""
    view = forms.queued(samples.queued())
    assert [b["text"]["text"] for b in view["blocks"] if b["type"] == "header"] == ["K7QM-2XBD"]
    assert read(view).count("K7QM-2XBD") == 1
    assert "ode" not in read(forms.queued(samples.queued(pickup=None)))


def test_the_password_is_shown_as_it_is():
    """In large type and unchanged, whatever signs it has; a longer one than a header holds is not cut."""
    for password in (samples.PASSWORD, "<a>&*b*:x:`c`_d_~e~  f", "x" * 400):
        view = forms.shown(samples.shown(password=password))
        said = [b["text"]["text"] for b in view["blocks"] if b["type"] in ("header", "section")]
        assert password in said
        assert "private_metadata" not in view


def test_a_choice_comes_back_as_it_went():
    """An option's value leads to the same account; anything else leads to none."""
    (option,) = account.options([samples.choice()])
    assert account.chosen(option["value"]) == ("corp", "id-1")
    assert [account.chosen(text) for text in ("", "corp", "corp/", "/id")] == [None] * 4
    assert account.chosen("corp/a/b") == ("corp", "a/b")
    assert account.options([samples.choice(number="x" * 200)]) == []
