"""Break-glass at the host: a code in an envelope, one person, and a review with an admin's code."""

from __future__ import annotations

import re

import pytest

from resets.audit import Deed
from tests.support.shell import Shell

CODE = re.compile(r"^    ((?:[0-9A-Z]{4}-){6}[0-9A-Z]{4})$", re.MULTILINE)


@pytest.fixture
def rekey(tmp_path, monkeypatch):
    shell = Shell(tmp_path, monkeypatch)
    shell.furnish(3)
    return shell


def broken(rekey, code, login="p00"):
    return rekey("reset", login, "--break-glass", "--reason", "nobody answers", stdin=f"{code}\n")


def test_from_the_envelope_to_the_review(rekey):
    """A code is made once, used once, and the next one printed; an admin reviews it by the beginning of its id."""
    assert "There is no break-glass code yet" in broken(rekey, "x").err
    made = rekey("admin", "break-glass", "new")
    assert made.code == 0, made
    (code,) = CODE.findall(made.out)
    done = broken(rekey, code)
    assert done.code == 0, done
    assert "Person 0 (p00 in corp) gets a new password, by: Slack message." in done.err
    assert "No worker runs on this store" in done.err
    assert re.search(r"The pickup code, for Person 0 alone, by telephone: \w{4}-\w{4}", done.out)
    (following,) = CODE.findall(done.out)
    assert following != code
    again = broken(rekey, code)
    assert (again.code, "This is not the break-glass code" in again.err) == (1, True)
    (short,) = re.findall(r"request (\w{8})\.", done.out)
    assert "These wait: " + short in rekey("audit", "review", "nothing", "--as", "ada").err
    reviewed = rekey("audit", "review", short.lower(), "--as", "ada", stdin=rekey.code())
    assert reviewed.code == 0, reviewed
    assert "there was nothing to review" in rekey("audit", "review", short, "--as", "ada").err
    deeds = [entry.deed for entry in rekey.journal()]
    kept = [deed for deed in deeds if deed.value.startswith("glass")]
    assert kept == [Deed.GLASS_SEALED, Deed.GLASS_USED, Deed.GLASS_MISSED, Deed.GLASS_REVIEWED]
    assert rekey("audit", "verify").code == 0


def test_it_is_for_one_person_and_says_why(rekey):
    """What it does not take is said before anything is looked up."""
    assert "exactly one person" in rekey("reset", "p00", "p01", "--break-glass", "--reason", "x").err
    assert "--break-glass needs --reason" in rekey("reset", "p00", "--break-glass").err
    for more in (["--as", "ada"], ["--mail"], ["--why", "forgot"], ["--no-must-change"], ["--json"], ["--yes", "1"]):
        done = rekey("reset", "p00", *more, "--break-glass", "--reason", "x")
        assert (done.code, "and nothing else" in done.err) == (2, True), more
    assert "--reason belongs to --break-glass" in rekey("reset", "p00", "--as", "ada", "--reason", "x").err
    assert rekey("reset", "p00").code == 2
    assert "Missing option '--as'" in rekey("reset", "p00").err


def test_without_a_way_to_the_person_nothing_is_asked_for(rekey):
    """Slack does not answer, and passwords are not mailed: nobody is reset, and the code stays good."""
    (code,) = CODE.findall(rekey("admin", "break-glass", "new").out)
    done = broken(rekey, code, "nina")
    assert (done.code, "There is no safe way to hand a one-time password" in done.err) == (1, True)
    assert broken(rekey, code).code == 0


def test_an_empty_line_is_no_code(rekey):
    """A script that sends nothing costs no try."""
    rekey("admin", "break-glass", "new")
    done = rekey("reset", "p00", "--break-glass", "--reason", "x", stdin="\n")
    assert (done.code, "No code came" in done.err) == (1, True)
    assert Deed.GLASS_MISSED not in [entry.deed for entry in rekey.journal()]
