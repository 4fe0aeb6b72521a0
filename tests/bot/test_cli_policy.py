"""`rekey policy test`: who may reset whom is told, and what was expected is held against it."""

from __future__ import annotations

import json

import pytest

from directory.local_people import NewAccount
from tests.support.shell import Shell

RULES = """
[[roles]]
name = "helpdesk"
may = [{ directory = "corp", tiers = ["standard"], within = "group:Sales" }]
[[roles]]
name = "seniors"
group = "corp/Senior desk"
may = [{ tiers = ["standard", "sensitive"] }]
"""
NOWHERE = """
[[directories]]
name = "away"
kind = "ldap"
verified_domains = ["example.com"]
url = "ldaps://127.0.0.1:1"
base = "dc=example,dc=com"
bind_dn = "cn=rekey,dc=example,dc=com"
bind_password = "x"
"""
EXPECT = '[[expect]]\nrole = "{}"\naccount = "{}"\nmay = {}\n'


@pytest.fixture
def shell(tmp_path, monkeypatch):
    furnished = Shell(tmp_path, monkeypatch)
    furnished.furnish(0)
    return furnished


@pytest.fixture
def policy(shell):
    """The command, with the shell's people: zoe sells, olga owns, and pat is listed as sensitive."""

    async def fill(house):
        corp = house.tools.directories["corp"]
        await corp.add_account(NewAccount("olga", "Olga Owner", mail="olga@example.com", owner=True))
        await corp.add_account(NewAccount("pat", "Pat [bold]Chief", mail="pat@example.com"))
        await corp.add_group("Senior desk")
        await corp.add_group("Sales", groups=["Sales north"])
        await corp.add_group("Sales north", members=[(await corp.find("zoe")).id])

    shell.in_house(fill)
    plain = shell.config.read_text().replace('name = "corp"', 'name = "corp"\ntiers = { sensitive = ["PAT"] }')

    def run(*words, more=""):
        shell.config.write_text(plain + more)
        return shell("policy", "test", *words)

    return run


def test_without_rules_standard_accounts_may_be_reset(policy):
    """The default's matrix: a line for each tier, and why not the others."""
    done = policy()
    assert (done.code, done.err) == (0, "")
    assert "corp: 6 accounts" in done.out
    assert "3 of 4" in done.out
    assert "The role “helpdesk” may reset standard accounts of corp." in done.out
    for why in ("1 · disabled in the directory", "1 · sensitive account", "1 · owner or administrative rights"):
        assert why in done.out


def test_roles_differ_by_tier_and_place(policy):
    """Each role has its column; a program reads the same as JSON."""
    told = json.loads(policy("--json", more=RULES).out)
    assert told["ok"] is True
    [corp] = told["directories"]
    assert corp["accounts"] == 6
    assert corp["roles"]["helpdesk"]["standard"] == {"accounts": 4, "may": 1, "why_not": {"out_of_scope": 3}}
    assert corp["roles"]["helpdesk"]["sensitive"]["why_not"] == {"sensitive": 1}
    assert corp["roles"]["seniors"]["sensitive"] == {"accounts": 1, "may": 1, "why_not": {}}
    assert corp["roles"]["seniors"]["privileged"]["why_not"] == {"privileged": 1}
    said = policy(more=RULES).out
    assert "within the group “Sales”" in said
    assert "seniors, held by who is in the group “Senior desk” of corp" in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[roles]]\nname = "a"\ngroup = "corp/Nope"\n', "Mend roles.a.group"),
        ('[[roles]]\nname = "a"\nmay = [{ directory = "corp", within = "group:Nope" }]\n', "Mend roles.a.may"),
    ],
)
def test_a_place_that_is_not_there_is_a_sentence_and_exit_code_1(policy, more, said):
    """A group that is mistyped in the rules is told here too, not by the doctor alone."""
    done = policy(more=more)
    assert done.code == 1
    assert "In corp, group:Nope cannot be read. " + said in done.err
    assert "corp: 6 accounts" in done.out
    told = json.loads(policy("--json", more=more).out)
    assert (told["ok"], told["astray"][0]["directory"], said in told["astray"][0]["remedy"]) == (False, "corp", True)


def test_what_was_expected_and_holds_is_exit_code_0(policy):
    """A login, an address, both ways."""
    more = EXPECT.format("helpdesk", "zoe", "true") + EXPECT.format("seniors", "olga@example.com", "false")
    done = policy(more=RULES + more)
    assert (done.code, done.err) == (0, "")
    assert "As expected, 2 of 2." in done.out


def test_what_does_not_hold_is_a_sentence_and_exit_code_1(policy):
    """Each expectation that fails says what is so, and why; a name that is nobody's does not pass for a no."""
    wrong = (("helpdesk", "nina", "true"), ("seniors", "pat", "false"), ("helpdesk", "nobody", "false"))
    more = RULES + "".join(EXPECT.format(*each) for each in wrong)
    done = policy(more=more)
    assert done.code == 1
    lines = done.err.splitlines()
    assert lines[0].startswith("Not as expected: helpdesk may not reset nina (corp). nina is outside of what the role")
    assert lines[1] == (
        "Not as expected: seniors may reset pat (corp). The role “seniors” may reset standard and sensitive accounts of"
        " corp."
    )
    assert lines[2].startswith("Not as expected: nobody answers to 'nobody'")
    told = json.loads(policy("--json", more=more).out)
    assert [(each["holds"], each["reason"]) for each in told["expected"]] == [
        (False, "out_of_scope"),
        (False, None),
        (False, "not_found"),
    ]


def test_another_directory_is_wrong_configuration(policy):
    """A directory that there is none of is named with those that there are."""
    done = policy("--directory", "crop")
    assert (done.code, "there is: corp" in done.err) == (2, True)


def test_a_directory_that_does_not_answer_is_a_sentence(policy, shell):
    """Nothing is judged then, and the doctor is named, who knows more."""
    pytest.importorskip("ldap", reason="the extra `ldap` is not installed")
    done = policy(more=NOWHERE)
    assert (done.code, done.out) == (1, "")
    assert "away could not be read" in done.err
    assert "so nothing was judged; `rekey doctor` says what to mend." in done.err


def test_the_doctor_names_what_the_rules_name_in_vain(policy, shell):
    """A group that is not there, an account that is nobody's, a role that is gone: the setting, and what it costs."""
    wrong = """
[[roles]]
name = "seniors"
group = "corp/Old desk"
may = [{ directory = "corp", within = "ou:Berlin" }, { directory = "corp", within = "group:Sales" }]
"""
    policy(more=wrong)
    shell.config.write_text(shell.config.read_text().replace('["PAT"]', '["PAT", "ceo", "group:Board"]'))
    checks = json.loads(shell("doctor", "--json").out)["checks"]
    told = {check["detail"]: check["remedy"] for check in checks if not check["ok"]}
    assert "nobody holds the role 'seniors'" in told["group:Old desk cannot be read"]
    assert "roles.seniors.may" in told["ou:Berlin cannot be read"]
    assert "nobody in this directory is reset" in told["group:Board cannot be read"]
    assert "directories.corp.tiers.sensitive" in told["nobody is called 'ceo'"]
    assert "rekey admin revoke" in told["ada has the role 'helpdesk', which is none"]
    assert "group:Sales cannot be read" not in told
    policy(more=RULES.replace('group = "corp/Senior desk"', ""))
    assert "1 places of the rules can be read" in shell("doctor").out
