"""The nouns are values: what was judged, signed or told cannot be changed afterwards by whoever holds it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum, StrEnum

import pytest

import resets
from resets.actor import SlackPerson
from resets.approval import CardFacts, Need
from resets.bulk import Preview
from resets.reasons import Reason, Refused
from resets.request import Options, RequestState, Why

CLASSES = [
    kind
    for module in pkgutil.iter_modules(resets.__path__)
    for _, kind in inspect.getmembers(importlib.import_module(f"resets.{module.name}"), inspect.isclass)
    if kind.__module__ == f"resets.{module.name}"
]
OPTIONS = Options(Why.FORGOT, "", must_change=True, clear_sessions=False, unlock=False, channels=())


@pytest.mark.parametrize("kind", [k for k in CLASSES if is_dataclass(k)], ids=lambda kind: kind.__name__)
def test_a_value_is_frozen(kind):
    """No field can be set again or added, and no field is a list or a set that grows."""
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)
    assert not [field.name for field in fields(kind) if str(field.type).startswith(("list[", "set["))]


@pytest.mark.parametrize("kind", [k for k in CLASSES if issubclass(k, Enum)], ids=lambda kind: kind.__name__)
def test_a_closed_set_is_kept_as_words(kind):
    """What stands in rows and journals is each member's own name in lower case: none can be taken for another."""
    assert issubclass(kind, StrEnum)
    assert all(member.value == name.lower() for name, member in kind.__members__.items())


@pytest.mark.parametrize(("included", "asked"), [(0, False), (25, False), (26, True), (100_000, True)])
def test_the_number_of_many_people_has_to_be_typed(included, asked):
    """From 26 people on, and not for fewer."""
    seen = Preview("F1", "R1", included, (), 0, (), (), OPTIONS, None, "", (), "")
    assert seen.asks_number is asked


@pytest.mark.parametrize("state", RequestState)
def test_a_card_can_be_decided_about_only_while_it_waits(now, state):
    """Once it is decided, withdrawn or lapsed, nothing on it can be pressed."""
    ada, need = SlackPerson("T0", "U0ADA"), Need(1, 0, now, now + timedelta(minutes=15))
    card = CardFacts("R1", "", ada, "Ada", 1, (), (), (), OPTIONS, None, state, need, 1, (), (), now)
    assert card.waits is (state is RequestState.PROVED)


@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_is_called_by_its_reason(reason):
    """Also in a log or a traceback, where nobody asks for it by its field."""
    refused = Refused(reason, login="bob")
    assert (str(refused), refused.reason, refused.facts) == (reason.value, reason, {"login": "bob"})
