"""Which way the states of a request and of a target may move; whoever moves one asks here or is caught by a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.request import RequestState as R
from resets.request import TargetState as T

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_MOVES: Mapping[R, frozenset[R]] = {
    R.ASKED: frozenset({R.PROVED, R.APPROVED, R.HELD, R.DONE, R.CANCELLED}),
    R.PROVED: frozenset({R.APPROVED, R.HELD, R.DENIED, R.WITHDRAWN, R.EXPIRED}),
    R.APPROVED: frozenset({R.RUNNING, R.DONE, R.CANCELLED}),
    R.HELD: frozenset({R.RUNNING, R.PAUSED, R.CANCELLED}),
    R.RUNNING: frozenset({R.PAUSED, R.DONE, R.CANCELLED}),
    R.PAUSED: frozenset({R.RUNNING, R.HELD, R.CANCELLED}),
    R.DONE: frozenset({R.RUNNING}),  # what failed is tried again
    R.CANCELLED: frozenset(),
    R.DENIED: frozenset(),
    R.WITHDRAWN: frozenset(),
    R.EXPIRED: frozenset(),
}

TARGET_MOVES: Mapping[T, frozenset[T]] = {
    T.NEW: frozenset({T.SEALED, T.EXCLUDED, T.CANCELLED, T.FAILED}),
    T.SEALED: frozenset({T.STARTED, T.EXCLUDED, T.CANCELLED, T.FAILED}),
    # The directory may know the password: the only ways out are to have set it or to know that it was not set.
    T.STARTED: frozenset({T.SET, T.EXCLUDED, T.FAILED}),
    T.SET: frozenset({T.DELIVERED, T.COLLECTED, T.EXPIRED, T.SPOILED, T.SUPERSEDED}),
    T.DELIVERED: frozenset({T.COLLECTED, T.EXPIRED, T.SPOILED, T.SUPERSEDED}),
    T.COLLECTED: frozenset({T.SPOILED}),  # "not me" is heard also after somebody has seen it
    T.EXCLUDED: frozenset(),
    T.CANCELLED: frozenset(),
    T.EXPIRED: frozenset({T.SPOILED}),
    T.SPOILED: frozenset(),
    T.SUPERSEDED: frozenset(),
    # The step is tried again (from the start, where nothing was sent), or its sealed password runs out.
    T.FAILED: frozenset({T.NEW, T.STARTED, T.EXPIRED}),
}


def target_may(now: T, then: T) -> bool:
    """Say whether a target may move from one state to another."""
    return then in TARGET_MOVES[now]


def request_may(now: R, then: R) -> bool:
    """Say whether a request may move from one state to another."""
    return then in REQUEST_MOVES[now]
