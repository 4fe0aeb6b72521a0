"""Slack's own documents as judges: what goes out is held against them, where they are at hand.

They are no part of the project (their makers publish them; see docs), so they are looked for through REKEY_SPECS.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

WHY = "REKEY_SPECS does not name the folder with Slack's published schemas"
SURFACE = {"chat.postMessage", "chat.update", "chat.postEphemeral"}


def folder():
    """Answer the folder with Slack's schemas, or skip the test."""
    named = os.environ.get("REKEY_SPECS")
    if not named or not (Path(named) / "slack" / "slack_specs.py").is_file():
        pytest.skip(WHY)
    return Path(named) / "slack"


def outgoing():
    """Answer the judge with view_errors, blocks_errors and call_errors, or skip the test."""
    return _judge(folder() / "slack_specs.py")


@functools.cache
def _judge(path):
    spec = importlib.util.spec_from_file_location("slack_specs", path)
    module = importlib.util.module_from_spec(spec)
    _quietly(spec.loader.exec_module)(module)
    names = ("view_errors", "blocks_errors", "call_errors")
    return SimpleNamespace(**{name: _quietly(getattr(module, name)) for name in names})


def _quietly(call):
    # The module is not ours, and leaves the closing of its files to the interpreter.
    def quiet(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            return call(*arguments)

    return quiet


def inbound(name):
    """Answer a validator for one of the payloads that Slack sends (X_SlashCommand, ...), or skip the test."""
    from jsonschema import Draft7Validator

    schema = json.loads((folder() / "slack-bolt-5.1.0-inbound.schema.json").read_text())
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": schema["definitions"]})


def faults(traffic):
    """Answer every fault in what a bot said to the practice workspace, in calls and in acknowledgements.

    Args:
        traffic: a workspace's `traffic`.
    """
    judge = outgoing()
    found = []
    for said in traffic:
        if said.direction == "in":
            found += [f"{said.kind}: {words}" for words in _faults(judge, said)]
    return found


def _faults(judge, said):
    if said.kind == "ack":
        return _view(judge, (said.payload.get("payload") or {}) if isinstance(said.payload, dict) else {})
    if said.kind == "response_url":
        return judge.blocks_errors(said.payload.get("blocks") or [])
    if "." not in said.kind:
        return []
    wrong = judge.call_errors(said.kind, said.payload) + _view(judge, said.payload)
    if said.kind in SURFACE and isinstance(said.payload.get("blocks"), list):
        wrong += judge.blocks_errors(said.payload["blocks"])
    return wrong


def _view(judge, held):
    return judge.view_errors(held["view"]) if isinstance(held.get("view"), dict) else []


@pytest.fixture(scope="session")
def slack_specs():
    """The checks `view_errors`, `blocks_errors` and `call_errors`; a test that asks for it is skipped without them."""
    return outgoing()
