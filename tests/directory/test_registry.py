"""The registry opens what the configuration names, and says in a sentence why it cannot."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from directory.base import Directory
from directory.misconfigured import Misconfigured
from directory.opening import Opening
from directory.registry import CONNECTORS, connector, open_directory

if TYPE_CHECKING:
    from pathlib import Path


def clock() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("kind", CONNECTORS)
def test_every_connector_is_whole(kind: str) -> None:
    """A registered class is a Directory of its kind, forbids unknown settings, and fills in what it declares."""
    if CONNECTORS[kind][2]:
        pytest.importorskip(CONNECTORS[kind][2])
    cls = connector(kind)
    assert isinstance(cls, type)
    assert issubclass(cls, Directory)
    assert cls.kind == kind
    assert cls.Options.model_config["extra"] == "forbid"  # type: ignore[attr-defined]
    for capability in cls.capabilities - {"changes"}:
        assert getattr(cls, f"_{capability}") is not getattr(Directory, f"_{capability}"), capability


def test_an_unknown_kind_is_refused() -> None:
    """The sentence names the kinds that there are."""
    with pytest.raises(Misconfigured, match=r"no directory of kind 'nis'.*local") as caught:
        open_directory("nis", "corp", {}, clock=clock)
    assert caught.value.key == "kind"


@pytest.mark.parametrize(
    ("settings", "key"),
    [({}, "path"), ({"path": "/x", "pathh": "hunter2"}, "pathh"), ({"path": "/x", "busy_seconds": "hunter2"}, "busy_")],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(settings: dict[str, object], key: str) -> None:
    """A missing, unknown or malformed setting is named; its value may be a secret and stays out."""
    with pytest.raises(Misconfigured) as caught:
        open_directory("local", "corp", settings, clock=clock)
    assert caught.value.key.startswith(key)
    assert "hunter2" not in str(caught.value)
    assert "busy_seconds" in caught.value.remedy


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without python-ldap, a directory of kind ldap says what to install, and `local` still opens."""
    monkeypatch.setitem(sys.modules, "ldap", None)
    for module in [name for name in sys.modules if name.startswith("directory.ldap")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(Misconfigured, match=r"rekey\[ldap\]"):
        connector("ldap")
    assert connector("local")


async def test_a_directory_opens_under_its_name(tmp_path: Path) -> None:
    """The name is the configuration's."""
    directory = open_directory(
        "local", "corp", {"path": str(tmp_path / "people.db")}, clock=clock, opening=Opening.MAKE
    )
    assert directory.name == "corp"
    await directory.close()
