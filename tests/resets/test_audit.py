"""The chain's link and an entry's form: fixed, since old journals have to verify for ever."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from resets.actor import SlackPerson
from resets.audit import GENESIS, AuditEntry, Deed, link
from resets.outcome import Step, StepRecord, StepState, Target
from resets.request import PlannedTarget, TargetState, Tier

ENTRY = AuditEntry(datetime(2026, 3, 2, 10, tzinfo=UTC), Deed.ASKED, actor="slack:T0/U0", facts={"n": 1, "a": "ü"})


def test_an_entrys_form():
    """RFC 8785: keys sorted, no blanks, UTF-8."""
    assert (
        ENTRY.body()
        == (
            '{"actor":"slack:T0/U0","actor_account":"","at":"2026-03-02T10:00:00+00:00","deed":"asked","digest":"",'
            '"facts":{"a":"ü","n":1},"request":"","target":"","target_account":""}'
        ).encode()
    )


def test_a_link_ties_key_place_past_and_body():
    """The MAC is what the formula says, and any other input gives another."""
    message = b"rekey-audit-1\n" + GENESIS.encode() + b"\n1\n" + ENTRY.body()
    one = link(b"k", GENESIS, 1, ENTRY.body())
    assert one == hmac.new(b"k", message, hashlib.sha256).hexdigest()
    others = {
        link(b"l", GENESIS, 1, ENTRY.body()),
        link(b"k", one, 1, ENTRY.body()),
        link(b"k", GENESIS, 2, ENTRY.body()),
        link(b"k", GENESIS, 1, b"{}"),
    }
    assert len({one} | others) == 5


def test_a_step_that_was_never_written_is_to_do():
    """A target knows each of its steps."""
    planned = PlannedTarget("corp", "1", "bob", "Bob", Tier.STANDARD, None, None, None)
    done = StepRecord(Step.SET, StepState.DONE)
    target = Target("t", "r", planned, TargetState.SET, None, (done,), 0, None, None, None, None, None)
    assert target.step(Step.SET) is done
    assert target.step(Step.TOKENS) == StepRecord(Step.TOKENS, StepState.TODO)
    assert SlackPerson("T0", "U0") == SlackPerson("T0", "U0")
