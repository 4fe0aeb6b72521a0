"""Slack's own documents as a module of checks, where they stand beside the project."""

from __future__ import annotations

import importlib.util
import os
import warnings
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def slack_specs():
    """The checks `view_errors`, `blocks_errors` and `call_errors`; a test that asks for it is skipped without them."""
    folder = os.environ.get("REKEY_SPECS")
    if not folder:
        pytest.skip("REKEY_SPECS is unset: Slack's documents do not stand beside the project")
    spec = importlib.util.spec_from_file_location("slack_specs", Path(folder) / "slack" / "slack_specs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves closing its files to the collector
        spec.loader.exec_module(module)
    return module
