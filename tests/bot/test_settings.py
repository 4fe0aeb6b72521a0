"""The configuration: every mistake is a sentence with the key and the remedy, and no secret is ever repeated."""

from __future__ import annotations

import re
import tomllib
from datetime import time, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from bot.assembly import rules
from bot.config import demand_slack, load
from bot.errors import ConfigError
from bot.section import Span
from bot.settings import DirectorySection, Settings
from bot.settings_rules import Expect, Role
from directory.base import GroupKind
from directory.misconfigured import Misconfigured
from directory.registry import CONNECTORS, connector
from directory.secret import Secret
from resets.request import Channel, Tier
from resets.scope import STANDARD_EVERYWHERE, Grant, Listed, Place

EXAMPLE = Path(__file__).parents[2] / "rekey.example.toml"
TEAM = "[[directories]]\nname = 'team'\nkind = 'local'\npath = 'x'\n"
SPAN = TypeAdapter(Span)


@pytest.fixture
def read(tmp_path):
    def reading(text, environ=None):
        path = tmp_path / "rekey.toml"
        path.write_text(text, "utf-8")
        return load(path, environ or {})

    return reading


@pytest.fixture
def mistake(read):
    def saying(text, environ=None):
        with pytest.raises(ConfigError) as caught:
            read(text, environ)
        return str(caught.value)

    return saying


def test_the_defaults_need_no_file(tmp_path, monkeypatch):
    """Without a file everything has its default; what serving needs is asked for by name."""
    monkeypatch.chdir(tmp_path)
    settings = load(environ={})
    assert settings.delivery.expires == timedelta(hours=24)
    assert rules(settings).hold == timedelta(seconds=60)
    assert rules(load(environ={"REKEY_LIMITS__HOLD": "5m"})).hold == timedelta(minutes=5)
    limits = rules(settings).limits
    assert (limits.resets_per_hour, limits.same_target_per_day, limits.all_per_hour) == (10, 2, 100)
    assert (limits.hours, limits.fresh_enrolment) == (None, timedelta(days=1))
    hours = rules(load(environ={"REKEY_LIMITS__HOURS": "07:00-19:30"})).limits.hours
    assert (hours.opens, hours.closes, str(hours.zone)) == (time(7), time(19, 30), "UTC")
    with pytest.raises(ConfigError) as caught:
        demand_slack(settings)
    assert [s.split(" is missing")[0] for s in caught.value.sentences[:3]] == [
        "slack.bot_token",
        "slack.app_token",
        "slack.team_id",
    ]


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("[slak]\nmode = 'http'", "slak", "the nearest is slack"),
        ("[slack]\nbot_tokn = 'x'", "slack.bot_tokn", "the nearest is slack.bot_token"),
        ("[slack]\nmode = 'sockets'", "slack.mode", "'socket' or 'http'"),
        ("[slack]\napi_url = 'https://example.com/api/'", "slack.api_url", "only on loopback"),
        ("[slack]\napi_url = 'http://127.0.0.1.example.com/'", "slack.api_url", "only on loopback"),
        ("[slack]\nteam_id = 'acme'", "slack.team_id", "T0123ABCD"),
        ("[slack]\nsecurity_channel = '#alarms'", "slack.security_channel", "C0123ABCD; a name is none"),
        ("[store]\nurl = 'mysql://x'", "store.url", "sqlite+aiosqlite"),
        ("[store]\nurl = 'postgresql+psycopg://u:pw-canary@h/d'", "store.url", "store.password_file"),
        ("[web]\nlisten = '8080'", "web.listen", "127.0.0.1:8080"),
        ("[delivery]\nexpires = 'soon'", "delivery.expires", '"24h"'),
        ("[limits]\nhold = '60'", "limits.hold", '"24h"'),
        ("[limits]\nfreeze = '366d'", "limits.freeze", "365d at most"),
        ("[limits]\nhours = '07:00-07:00'", "limits.hours", "for the whole day leave it empty"),
        ("[limits]\nhours = 7", "limits.hours", "must be a text in quotes"),
        ("[limits]\nresets_per_hour = 0", "limits.resets_per_hour", "must be 1 or more"),
        ("[limits]\nresets_per_day = 1_000_000", "limits.resets_per_day", "must be 100000 at most"),
        ("[approvals]\nfew = -1", "approvals.few", "must be 0 or more"),
        ("[approvals]\nfew = 1.5", "approvals.few", "must be a whole number"),
        ("[approvals]\nfew = 'two'", "approvals.few", "must be a whole number"),
        ("[approvals]\nescalation = 'seniors'", "approvals.escalation", "must be a list"),
        ("[approvals]\nescalation = ['seniors']", "approvals.escalation", "there is no role 'seniors'"),
        ("approvals = 3", "approvals", "must be a table"),
        ("[limits]\nhours = '7-19'", "limits.hours", '"07:00-19:00"'),
        ("[limits]\ntime_zone = 'Berlin'", "limits.time_zone", '"Europe/Berlin"'),
        ("[limits]\ntime_zone = '../etc'", "limits.time_zone", '"Europe/Berlin"'),
        ("[verification]\nsensitive = 'none'", "verification", "a higher tier may not need less"),
        ("[verification]\nsensitive = 'number'", "verification.sensitive", "'none', 'said', 'manager' or 'in_person'"),
        (
            "[verification]\nstandard = 'voice'",
            "verification.standard",
            "'none', 'said', 'number', 'manager' or 'in_person'",
        ),
        ("[delivery.pickup.single]\nsensitve = 'none'", "delivery.pickup.single.sensitve", "single.sensitive"),
        ("[mail]\nhost = 'mail.example.com'\ntls = 'none'\nsender = 'a@b.c'", "mail", "loopback"),
        ("[mail]\nhost = 'mail.example.com'", "mail", "sender is missing"),
        ("[mail]\nsecurity = 'soc@example.com'", "mail", "without host"),
        ("[[directories]]\nname = 'a'", "directories.a.kind", 'kind = "ldap"'),
        ("[[directories]]\nname = 'a'\nkind = 'ldab'", "directories.a.kind", "local"),
        (
            "[[directories]]\nname = 'a'\nkind = 'local'\npath = 'x'\nbusy_secnds = 1",
            "directories.a.busy_secnds",
            "the nearest is directories.a.busy_seconds",
        ),
        ("[[directories]]\nname = 'a'\nkind = 'local'", "directories.a.path", "add it"),
        ("[[directories]]\nname = 'A B'\nkind = 'local'\npath = 'x'", "directories.1.name", "small letters"),
        (f"{TEAM}pace = 'fast'", "directories.team.pace", "must be a number"),
        (f"{TEAM}pace = -1", "directories.team.pace", "must be 0 or more"),
        (f"{TEAM}busy_seconds = 'x'", "directories.team.busy_seconds", "must be a number"),
        (f"{TEAM}never = 'root'", "directories.team.never", "must be a list"),
        (f"{TEAM}tiers = ['ceo']", "directories.team.tiers", "must be a table"),
        ("[directories]\nname = 'a'", "directories", "write [[directories]]"),
        ("[roles]\nname = 'a'", "roles", "write [[roles]]"),
        ("[[roles]]\nname = 'desk'\nmay = ['standard']", "roles.desk.may.1", "must be a table"),
        ("[[roles]]\nname = 'desk'\nsecurity = 'perhaps'", "roles.desk.security", "true or false"),
        ("[[roles]]\nname = 'a'\n[[roles]]\nname = 'a'", "roles", "rename one"),
        ("[[roles]]\ngroup = 'Desk'", "roles.1.group", '"DIRECTORY/NAME"'),
        (f"{TEAM}[[roles]]\ngroup = 'teem/Desk'", "roles.helpdesk.group", "the nearest is 'team'"),
        (f"{TEAM}[[roles]]\nmay = [{{directory = 'x'}}]", "roles.helpdesk.may.1.directory", "add it"),
        ("[[roles]]\nmay = [{tiers = []}]", "roles.1.may.1.tiers", "one tier at least"),
        ("[[roles]]\nmay = [{tiers = ['all']}]", "roles.1.may.1.tiers.1", "'privileged'"),
        ("[[roles]]\nmay = [{teirs = ['standard']}]", "roles.1.may.1.teirs", "roles.1.may.1.tiers"),
        ("[[roles]]\nmay = [{within = 'group:Sales'}]", "roles.1.may.1", "directory beside it"),
        (f"{TEAM}[[roles]]\nmay = [{{directory = 'team', within = 'Sales'}}]", "roles.1.may.1.within", '"ou:NAME"'),
        (f"{TEAM}tiers = {{sensitive = ['group: ']}}", "directories.team.tiers.sensitive.1", '"group:NAME"'),
        (f"{TEAM}tiers = {{sensitve = ['ceo']}}", "tiers.sensitve", "tiers.sensitive"),
        ("[[expect]]\nrole = 'helpdsk'\naccount = 'ceo'\nmay = false", "expect.1.role", "'helpdesk'"),
        ("[[expect]]\nrole = 'helpdesk'\naccount = 'ceo'\ndirectory = 'x'\nmay = true", "expect.1.directory", "add it"),
        ("[[expect]]\nrole = 'helpdesk'\naccount = 'ceo'", "expect.1.may", "add it"),
        ("[[expect]]\nrole = 'helpdesk'\naccount = ' '\nmay = true", "expect.1.account", "a login, an address"),
        ("[slack\n", "rekey.toml", "line 1"),
    ],
)
def test_a_mistake_is_a_sentence_with_the_key_and_the_remedy(mistake, text, key, remedy):
    """One sentence: where, what, what to do."""
    said = mistake(text)
    assert key in said
    assert remedy in said
    assert "\n" not in said
    assert "pw-canary" not in said


def test_a_directory_that_knows_no_domains_is_told_them(mistake):
    """Without them nobody at all could be reset there, which is no setting that anybody wants."""
    pytest.importorskip("ldap", reason="the extra `ldap` is not installed")
    assert "directories.a.verified_domains is missing" in mistake("[[directories]]\nname = 'a'\nkind = 'ldap'")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"REKEY_SLACK__BOT_TOKN": "x"}, "slack.bot_tokn is no setting; the nearest is slack.bot_token"),
        ({"REKEY_SLAK__BOT_TOKEN": "x"}, "REKEY_SLAK__BOT_TOKEN names no setting; the nearest is REKEY_SLACK__"),
        ({"REKEY_DIRECTORIES__CORP__PATH": "x"}, "names no configured directory"),
        ({"REKEY_ROLES": '[{name = "a"}]'}, "[[roles]] stands in the file alone"),
        (
            {"REKEY_SLACK__BOT_TOKEN__X__Y": "y", "REKEY_SLACK__BOT_TOKEN": "x"},
            "REKEY_SLACK__BOT_TOKEN__X__Y names a part of what REKEY_SLACK__BOT_TOKEN sets as a whole; remove one",
        ),
        ({"REKEY_EXPECT__ROLE": "a"}, "[[expect]] stands in the file alone"),
    ],
)
def test_a_variable_that_means_nothing_is_a_mistake(mistake, environ, said):
    """A misspelt variable is not silently ignored."""
    assert said in mistake("", environ)


def test_a_variable_for_one_directory_beside_what_is_none(mistake):
    """What is wrong is said, whichever is read first."""
    listed = "directories = [3, {name = 'a', kind = 'local', path = 'a.db'}]"
    assert "directories.1 must be a table" in mistake(listed, {"REKEY_DIRECTORIES__A__PATH": "b.db"})


def test_the_environment_goes_before_the_file(read):
    """Every key can be overridden, a directory's own keys too."""
    settings = read(
        "[mail]\nport = 25\n[[directories]]\nname = 'my-corp'\nkind = 'local'\npath = 'a.db'",
        {
            "REKEY_MAIL__PORT": "2525",
            "REKEY_STEP_UP__TOTP_IN_SLACK": "false",
            "REKEY_DIRECTORIES__MY_CORP__PATH": "b.db",
            "REKEY_DIRECTORIES__MY_CORP__NEVER": '["root"]',
            "REKEY_CONFIG": "elsewhere",
        },
    )
    assert settings.mail.port == 2525
    assert settings.step_up.totp_in_slack is False
    assert settings.directories[0].options.path.name == "b.db"
    assert settings.directories[0].never == ("root",)


def test_a_secret_may_stand_in_a_file(read, tmp_path, mistake):
    """`bot_token_file` is read, without its last line break; both at once are a mistake, and so is a missing file."""
    (tmp_path / "token").write_text("xoxb-canary-1\n")
    assert read('[slack]\nbot_token_file = "token"').slack.bot_token.reveal() == "xoxb-canary-1"
    assert read("", {"REKEY_SLACK__BOT_TOKEN_FILE": "token"}).slack.bot_token.reveal() == "xoxb-canary-1"
    over = read('[slack]\nbot_token_file = "token"', {"REKEY_SLACK__BOT_TOKEN": "xoxb-other"})
    assert over.slack.bot_token.reveal() == "xoxb-other"
    assert "remove one" in mistake('[slack]\nbot_token = "xoxb-canary-2"\nbot_token_file = "token"')
    assert "there is no file" in mistake('[slack]\nbot_token_file = "nowhere"')
    assert "cannot be read" in mistake('[slack]\nbot_token_file = "no\\u0000path"')


def test_no_secret_is_shown(read, mistake):
    """Neither the settings' text nor a mistake holds a secret."""
    settings = read('[slack]\nbot_token = "xoxb-canary-3"\n[store]\npassword = "pw-canary"')
    assert "canary" not in repr(settings)
    assert "canary" not in str(settings)
    assert "canary" not in mistake('[slack]\nbot_token = ["xoxb-canary-3"]')
    assert "canary" not in mistake('[slack]\nbot_token = "xoxb-canary-3\nmode = 1')


def test_a_store_password_enters_the_address_only_where_it_is_used(read):
    """The store's full address is made on demand, with the password quoted."""
    settings = read('[store]\nurl = "postgresql+psycopg://rekey@db/rekey"\npassword = "a/b@c"')
    assert settings.store.full_url == "postgresql+psycopg://rekey:a%2Fb%40c@db/rekey"


def test_relative_paths_start_at_the_configuration(read, tmp_path):
    """A command works the same from any folder."""
    settings = read("[[directories]]\nname = 'a'\nkind = 'local'\npath = 'a.db'")
    assert settings.keys.file == tmp_path / "rekey.keys"
    assert settings.store.url == f"sqlite+aiosqlite:///{tmp_path}/rekey.db"
    assert settings.directories[0].options.path == tmp_path / "a.db"


def test_the_rules_are_what_the_operator_decided(read):
    """Settings reach the rules, and another decision makes another version, so another digest."""
    text = "[[directories]]\nname = 'a'\nkind = 'local'\npath = 'a.db'\ngates = ['mail', 'slack']\nnever = ['root']\n"
    plain = rules(read(text))
    assert plain.gates == {"a": frozenset({Channel.MAIL, Channel.DM})}
    assert plain.never == {"a/root"}
    assert plain.verified_domains == {"a": None}
    assert plain.pickup[Tier.STANDARD] is True
    other = rules(read(text + "verified_domains = ['Example.com']\n[delivery]\npickup = 'none'"))
    assert other.verified_domains == {"a": frozenset({"example.com"})}
    assert other.pickup[Tier.STANDARD] is False
    assert other.version != plain.version


def test_the_rules_of_roles_and_tiers_reach_the_rules(read):
    """Who may reset whom, who is of a higher tier and which group holds a role are read as they are written."""
    plain = rules(read(TEAM))
    assert plain.grants == {"helpdesk": STANDARD_EVERYWHERE}
    assert (plain.held_in, plain.listed) == ({}, {"team": ()})
    text = (
        f"{TEAM}tiers = {{sensitive = ['CEO', 'group:Board'], privileged = ['ou:Vault']}}\n"
        "[[roles]]\nname = 'desk'\ngroup = 'team/Service desk'\n"
        "may = [{directory = 'team', tiers = ['standard', 'sensitive'], within = 'group: Sales'}]\n"
        "[[roles]]\nname = 'approver'\nmay = []\n"
    )
    decided = rules(read(text))
    both = frozenset({Tier.STANDARD, Tier.SENSITIVE})
    sales = Place("team", GroupKind.GROUP, "Sales")
    assert decided.grants == {"desk": (Grant(both, "team", sales),), "approver": ()}
    assert decided.held_in == {"desk": Place("team", GroupKind.GROUP, "Service desk")}
    assert decided.listed["team"] == (
        Listed(Tier.SENSITIVE, frozenset({"ceo"}), (Place("team", GroupKind.GROUP, "Board"),)),
        Listed(Tier.PRIVILEGED, frozenset(), (Place("team", GroupKind.OU, "Vault"),)),
    )
    versions = {plain.version, decided.version, rules(read(text.replace("Sales", "Labs"))).version}
    assert len(versions | {rules(read(text.replace("'CEO', ", ""))).version}) == 4


def example():
    """The example with its commented keys taken in."""
    live = re.sub(r"^# (?=\[\[|[a-z_]+ = )", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    return tomllib.loads(live)


def fields_of(model):
    found = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found[name] = fields_of(field.annotation)
        elif field.annotation is Secret:
            found |= {name: "", f"{name}_file": None}
        else:
            found[name] = field.get_default(call_default_factory=True)
    return found


def test_the_example_holds_every_key_with_its_default():
    """rekey.example.toml and the settings say the same, key by key."""

    def compare(told, meant, where):
        assert told.keys() == meant.keys(), where
        for key, value in meant.items():
            if isinstance(value, dict):
                compare(told[key], value, f"{where}.{key}")
            elif isinstance(value, timedelta):
                assert SPAN.validate_python(told[key]) == value, f"{where}.{key}"
            elif value is not None:
                plain = list(value) if isinstance(value, tuple) else value
                assert told[key] == (str(plain) if isinstance(plain, Path) else plain), f"{where}.{key}"

    told, meant = example(), fields_of(Settings)
    rule = {"directory": "", "tiers": ["standard"], "within": ""}
    helpdesk, vouching = told.pop("roles")
    assert helpdesk == {"name": "helpdesk", "approves": True, "security": False, "group": "", "may": [rule]}
    assert (Role(**vouching).approves, Role(**vouching).may) == (False, ())  # who only vouches
    assert set(told.pop("expect")[0]) == set(Expect.model_fields)
    del told["directories"], meant["directories"], meant["roles"], meant["expect"]
    compare(told, meant, "")


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_the_example_shows_every_kind_of_directory(kind):
    """Each connector stands in the example with all keys, those of every kind and its own, with their defaults."""
    try:
        options = connector(kind).Options.model_fields
    except Misconfigured as missing:
        pytest.skip(str(missing))
    shown = next(d for d in example()["directories"] if d["kind"] == kind)
    common = set(DirectorySection.model_fields) - {"options"}
    secrets = {f"{key}_file" for key in options if f"{key}_file" in shown}
    assert not common & set(options), "a connector's key would never reach it"
    assert set(shown) == common | set(options) | secrets
    for key, field in options.items():
        if isinstance(field.default, str | int | float):
            assert shown[key] == field.default, key


def test_the_example_can_be_read(tmp_path):
    """As it stands, the example is a configuration."""
    path = tmp_path / "rekey.toml"
    path.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    assert load(path, {}).directories == ()


def test_a_pattern_is_not_shown_to_people(mistake):
    """What a value must look like is shown by an example, not by a regular expression."""
    said = mistake("[slack]\nteam_id = 'acme'")
    assert "pattern" not in said
    assert "^" not in said
