"""Finding whom to reset, and hearing why not: nothing is reset here, and nothing may change."""

from __future__ import annotations

import json
import re

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.stage import DANA, GENERAL, KIT, MORGAN, ROBIN, SHARED

LOOKED_UP = "SELECT body FROM audit WHERE deed = 'looked_up'"


@pytest_asyncio.fixture(loop_scope="session")
async def morgan(hall):
    hall.workspace.modals.clear(MORGAN)
    viewer = await hall.viewer(MORGAN, GENERAL)
    yield viewer
    await viewer.page.close()


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def unchanged(hall):
    """Hold every test here to this: no request, no write to the directory."""
    hashes = "SELECT id, password_hash, locked_at, must_change FROM accounts ORDER BY id"
    before = [tuple(row) for row in hall.rows("acme.db", hashes)]
    yield
    assert [tuple(row) for row in hall.rows("acme.db", hashes)] == before
    assert hall.rows("rekey.db", "SELECT id FROM requests") == []


@pytest.mark.parametrize(
    ("login", "why", "remedy"),
    [
        ("hanna.sabbatical", "is disabled", "enable the account there first"),
        ("vera.kolb", "acme-labs.example is not verified", "add it to verified_domains of “acme”"),
        ("olga.brandt", "is an owner or has administrative rights", "An owner of Acme directory can reset it"),
        ("dana.voss", "outside the organisation", "Their own organisation can reset it"),
        ("nadia.newcomer", "never confirmed", "Send the invitation again"),
        ("svc-backup", "a service or a machine", "where the service keeps it"),
        ("morgan.lindqvist", "your own account", "ask another admin"),
        ("jo.postless", "no safe way", "Mend that in Acme directory or in Slack"),
    ],
)
async def test_who_may_not_be_reset_is_named_with_the_reason_and_the_remedy(morgan, login, why, remedy):
    """Disabled, unverified, owner, external and the rest: a sentence says why, and how to mend it; no dead end."""
    await morgan.say(f"/reset-password {login}")
    await expect(morgan.modal).to_contain_text(why)
    await expect(morgan.modal).to_contain_text(remedy)
    await expect(morgan.modal).to_contain_text("Nobody has been given one" if "safe" in why else "Nothing has changed")
    await expect(morgan.modal.get_by_test_id("modal-submit")).to_have_count(0)
    await morgan.leave()


async def test_an_ambiguous_name_becomes_a_choice(morgan):
    """Two people have one name: the modal asks which, with what tells them apart, and goes on with the chosen one."""
    await morgan.say("/reset-password Alex Kim")
    await morgan.titled("Whose password?")
    await expect(morgan.modal).to_contain_text("More than one account fits “Alex Kim”")
    await morgan.field("choice_pick").click()
    options = morgan.page.get_by_test_id("option")
    await expect(options).to_have_count(2)
    await expect(options.filter(has_text="Engineering")).to_contain_text("alex.kim2")
    await options.filter(has_text="alex.kim2").click()
    await morgan.submit()
    await expect(morgan.modal).to_contain_text("alex.kim2@acme.example")
    await expect(morgan.field("code_text")).to_have_count(1)
    await morgan.leave()


async def test_the_typeahead_finds_by_a_few_letters(morgan):
    """Bare command; three letters of a name; an accent is no obstacle; and the choice is taken at once."""
    await morgan.say("/reset-password")
    await morgan.titled("Whose password?")
    await morgan.field("who_pick").fill("rob")
    found = morgan.page.get_by_test_id("option")
    await expect(found.filter(has_text="Robin Meyer")).to_have_count(1)
    await morgan.field("who_pick").fill("bjorn")
    await expect(found.first).to_contain_text("Björn")
    await morgan.field("who_pick").fill("zzzz")
    await expect(morgan.page.get_by_test_id("options")).to_contain_text("No results")
    await morgan.field("who_pick").fill("robin mey")
    await found.filter(has_text="Robin Meyer").click()
    await morgan.submit()
    await expect(morgan.modal).to_contain_text("robin.meyer@acme.example")
    await morgan.leave()


async def test_a_slip_of_the_pen_is_guessed(morgan):
    """An unknown name says so and offers the nearest accounts."""
    await morgan.say("/reset-password robin.meier")
    await expect(morgan.modal).to_contain_text("I found no account for “robin.meier”")
    await morgan.field("choice_pick").click()
    await expect(morgan.page.get_by_test_id("option").filter(has_text="robin.meyer")).to_have_count(1)
    await morgan.page.keyboard.press("Escape")
    await morgan.leave()


async def test_a_hostile_name_is_only_text(hall, morgan):
    """Names that are markup, a mention of everybody or a formula are shown as they are written, and do nothing."""
    for login, shown in [
        ("mallory.shout", "<!channel> Free lunch"),
        ("mallory.link", "<https://evil.example|Morgan Lindqvist>"),
        ("mallory.stars", "*Mallory* `rm -rf` _Quote_"),
        ("mallory.sum", "=1+1"),
    ]:
        await morgan.say(f"/reset-password {login}")
        await expect(morgan.modal).to_contain_text(login)
        await expect(morgan.modal).to_contain_text(shown)
        await expect(morgan.modal.locator("a[href*=evil], strong:text('Mallory')")).to_have_count(0)
        await morgan.leave()
    await morgan.say("/reset-password mallory.turn")
    await expect(morgan.modal).to_contain_text("mallory.turn")
    assert "\u202e" not in await morgan.modal.inner_text()
    await morgan.leave()


@pytest.mark.parametrize("text", ["<!channel>", "'; DROP TABLE accounts; --", "*)(uid=*", "a" * 300, "@everyone", "🤖"])
async def test_a_hostile_target_ends_in_a_sentence(morgan, text):
    """Whatever stands behind the command is looked for as text, or refused with a sentence."""
    await morgan.say(f"/reset-password {text}")
    said = morgan.page.locator("[data-testid=modal], [data-testid=message][data-ephemeral=true]").last
    await expect(said).to_contain_text(re.compile("I found no account|could not read|at least 3 letters"))
    if await morgan.modal.count():
        await morgan.leave()


async def test_help_is_for_everybody(hall):
    """Help answers anyone in the team, to them alone."""
    robin = await hall.viewer(ROBIN, GENERAL)
    await robin.say("/reset-password help")
    await expect(robin.message("Reset somebody's password")).to_have_attribute("data-ephemeral", "true")
    await robin.page.close()


@pytest.mark.parametrize(("user", "why"), [(ROBIN, "needs a role"), (KIT, "needs a role")])
async def test_who_has_no_business_here_is_told_so(hall, user, why):
    """Without a role, and as a guest: a sentence to them alone, no modal, no look-up."""
    other = await hall.viewer(user, GENERAL)
    await other.say("/reset-password alex.kim")
    await expect(other.message("so nothing was done")).to_contain_text(why)
    await expect(other.modal).to_have_count(0)
    # Those of somebody else, whose typing in an earlier journey may be answered late, are no look-ups of theirs.
    looked = [json.loads(row["body"])["actor"] for row in hall.rows("rekey.db", LOOKED_UP)]
    assert not [actor for actor in looked if actor.endswith(f"/{user}")]
    await other.page.close()


async def test_a_stranger_cannot_even_ask(hall):
    """Somebody of another organisation: Slack knows no such command for them; a forged payload hears a sentence."""
    dana = await hall.viewer(DANA, SHARED)
    await dana.say("/reset-password robin")
    await expect(dana.page.get_by_test_id("toast")).to_be_visible()
    await expect(dana.modal).to_have_count(0)
    await dana.page.close()
    hall.workspace.record.clear()
    payload = {
        "command": "/reset-password",
        "text": "robin.meyer",
        "team_id": "T0GLOBEX001",
        "team_domain": "globex",
        "channel_id": SHARED,
        "channel_name": "acme-rekey",
        "user_id": DANA,
        "user_name": "dana",
        "api_app_id": hall.workspace.app.id,
        "is_enterprise_install": "false",
        "response_url": f"{hall.workspace.url}/response/none",
        "trigger_id": "1.2.3",
        "token": "retired",
    }
    answer = await hall.workspace.deliver("slash_commands", payload)
    assert "another Slack workspace" in answer["text"]
    assert hall.workspace.record.calls("views.open") == []
    # The same, with our own team's id forged into it.
    await hall.workspace.deliver("slash_commands", payload | {"team_id": "T0ACME00001"})
    assert hall.workspace.record.calls("views.open") == []
