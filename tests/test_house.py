"""The house as a whole: closed lists are complete, secrets are opened in few places, rooms are where they belong."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from pathlib import Path

import pytest

import directory.base
from desk.faults import REASONS
from directory.base import Capability, Directory, DirectoryError
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "handlers", "desk", "notify", "views", "store", "resets", "directory", "practice")


PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))


def sources(*rooms):
    return [p for room in rooms for p in sorted((ROOT / room).rglob("*.py"))]


def attributes(*rooms):
    """Return every `Name.ATTRIBUTE` that the code of some rooms uses."""
    found = set()
    for path in sources(*rooms):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add((node.value.id, node.attr))
    return found


def test_every_directory_error_has_a_reason():
    """No way for a directory to fail is without a reason for a person."""
    errors = {e for _, e in inspect.getmembers(directory.base, inspect.isclass) if issubclass(e, DirectoryError)} - {
        DirectoryError
    }
    assert errors == set(REASONS)


@pytest.mark.parametrize("closed", [Reason, Deed, NoticeKind], ids=lambda c: c.__name__)
def test_closed_lists_hold_nothing_unused(closed):
    """Every member of a closed list is used by a deed or a rule, not only given words."""
    code = attributes("bot", "handlers", "desk", "notify", "resets")
    used = {name for owner, name in code if owner == closed.__name__}
    assert {member.name for member in closed} - used == set()


def test_every_capability_has_its_method():
    """What a connector may declare is a method that the base guards."""
    guarded = {c for c in Capability if c is not Capability.CHANGES}
    assert all(hasattr(Directory, c.value) for c in guarded)


def test_secrets_are_opened_in_few_places():
    """A password in clear exists where it is made, set, sealed, shown or mailed, and nowhere else."""
    openers = {
        str(path.relative_to(ROOT))
        for path in sources(*ROOMS)
        if any(
            isinstance(node, ast.Attribute) and node.attr == "reveal" and ast.unparse(node.value) != "collect"
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }
    allowed = set((ROOT / "tests" / "reveals.txt").read_text().split())
    assert openers - allowed == set(), "reveal() in a new place: think, then say why in docs/security.md"
    assert allowed - openers == set(), "tests/reveals.txt names files that open nothing"


def test_every_room_is_packaged_and_linted():
    """A room that is not named in pyproject.toml would be neither installed nor checked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(ROOMS) <= set(project["tool"]["setuptools"]["packages"])
    assert set(ROOMS) == set(project["tool"]["mypy"]["packages"])
    assert set(ROOMS) == set(project["tool"]["importlinter"]["root_packages"])


def anchors(path):
    """Return what a link into a page may name: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_pages_lead_to_what_is_there(path):
    """Every link, every heading that is linked to, and every file that a page names."""
    text = path.read_text("utf-8")
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        name, _, anchor = link.partition("#")
        page = path.parent / name if name else path
        assert page.exists(), link
        assert not anchor or anchor in anchors(page), link
    named = re.findall(r"`((?:" + "|".join(ROOMS) + r"|bench|tests|docs|tools|requirements)/[\w./-]+\.[a-z]+)", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_init_files_hold_one_sentence_and_no_code():
    """A package's `__init__` says what the room is; names are imported from where they are defined."""
    for path in (p for p in sources(*ROOMS) if p.name == "__init__.py"):
        body = ast.parse(path.read_text()).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path


def test_the_table_of_capabilities_is_what_the_classes_declare():
    """docs/adding-a-directory.md tells of each connector exactly what it declares."""
    from directory.registry import CONNECTORS, connector

    pytest.importorskip("ldap", reason="the extra `ldap` is not installed")
    lines = (ROOT / "docs" / "adding-a-directory.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    kinds, told = rows[0][1:], {row[0]: row[1:] for row in rows[2:]}
    assert set(kinds) == set(CONNECTORS)
    for capability in Capability:
        declared = ["yes" if capability in connector(kind).capabilities else "-" for kind in kinds]
        assert told[capability.value] == declared, capability
