"""A list of people, read as the product reads it."""

from __future__ import annotations

import pytest

from resets.reasons import Refused
from resets.roster import RosterReader

ANNA_BEN = ["anna@example.com", "ben@example.com"]


def read(data, step=0):
    reader = RosterReader()
    for start in range(0, len(data), step or max(len(data), 1)):
        reader.feed(data[start : start + (step or len(data))])
    return reader.close()


def texts(roster):
    return [name.text for name in roster.names]


def reason(data):
    with pytest.raises(Refused) as refused:
        read(data)
    return refused.value.reason
