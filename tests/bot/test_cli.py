"""The command line: exit codes, sentences and remedies, and the chain from nothing to an enrolled admin."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pyotp
import pytest
import yaml

from bot.__main__ import rekey as cli
from bot.doctor import SCOPES

ROOT = Path(__file__).parents[2]
CONFIG = """
[slack]
team_id = "T0TEST"
[[directories]]
name = "team"
kind = "local"
path = "team.db"
"""
SERVES = {
    "REKEY_SLACK__BOT_TOKEN": "xoxb-1",
    "REKEY_SLACK__APP_TOKEN": "xapp-1",
    "REKEY_SLACK__SIGNING_SECRET": "secret",
}


@pytest.fixture
def rekey(tmp_path):
    (tmp_path / "rekey.toml").write_text(CONFIG)

    def run(*words, stdin="", environ=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("REKEY_")}
        return subprocess.run(
            [sys.executable, "-m", "bot", *words],
            cwd=tmp_path,
            env={**clean, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **(environ or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def ready(rekey):
    assert rekey("keys", "new").returncode == 0
    assert rekey("db", "upgrade").returncode == 0
    return rekey


def add_ann(folder):
    """Make the `local` directory of the configuration, with one account."""
    add = (
        "import asyncio, datetime as d\nfrom pathlib import Path\nfrom directory.local import *\n"
        "from directory.local_people import NewAccount\nfrom directory.opening import Opening\n"
        "async def main():\n"
        " told = {'clock': lambda: d.datetime.now(d.UTC), 'opening': Opening.MAKE}\n"
        " x = LocalDirectory.open('team', LocalOptions(path=Path('team.db')), **told)\n"
        " await x.add_account(NewAccount('ann', 'Ann', mail='ann@example.com')); await x.close()\n"
        "asyncio.run(main())"
    )
    subprocess.run([sys.executable, "-c", add], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)


def test_help_names_every_command(rekey):
    """`rekey --help` is a map, and exits with 0."""
    shown = rekey("--help")
    assert shown.returncode == 0
    for command in ("demo", "serve", "doctor", "admin", "audit", "keys", "db", "directory"):
        assert re.search(rf"^  {command} ", shown.stdout, re.MULTILINE)


def written():
    """Return every command line that a page, an example or a sentence of ours names, as words."""
    pages = [ROOT / "README.md", ROOT / "rekey.example.toml", *(ROOT / "docs").glob("*.md")]
    sources = [path for room in ("bot", "views", "resets", "desk", "store") for path in (ROOT / room).rglob("*.py")]
    found = set()
    for path in [*pages, *sources]:
        found |= set(re.findall(r"`rekey ([a-z][^`{}\n]*)", path.read_text("utf-8")))
    return sorted(found)


@pytest.mark.parametrize("line", written())
def test_every_command_that_is_named_is_there(line):
    """Whoever types what we tell them to type is not told that there is no such command or option."""
    command, context = cli, click.Context(cli)
    for word in line.split():
        if isinstance(command, click.Group) and re.fullmatch("[a-z-]+", word) and not word.startswith("-"):
            found = command.get_command(context, word)
            assert found is not None, line
            command = found
    options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    assert set(re.findall(r"--[a-z-]+", line)) <= options, line


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nonsense"], 2, "No such command"),
        (["--config", "nowhere.toml", "db", "check"], 2, "copy rekey.example.toml"),
        (["serve"], 2, "slack.bot_token is missing"),
        (["db", "check"], 1, "rekey db upgrade"),
        (["keys", "check"], 2, "rekey keys new"),
        (["audit", "verify"], 2, "rekey keys new"),
        (["audit", "verify", "--head", "x"], 2, "SEQ:MAC"),
        (
            ["admin", "enrol", "--slack-user", "U1", "--directory", "team", "--account", "a", "--role", "king"],
            2,
            "helpdesk",
        ),
        (["admin", "enrol", "--slack-user", "U1", "--directory", "corp", "--account", "a"], 2, "use one of: team"),
        (["admin", "enrol", "--slack-user", "@ann", "--directory", "team", "--account", "a"], 2, "Copy member ID"),
    ],
)
def test_a_failure_is_a_sentence_a_remedy_and_an_exit_code(rekey, words, code, said):
    """Nobody sees a traceback who did not ask for one."""
    done = rekey(*words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("words", "ring", "mode", "said"),
    [
        (["serve"], None, 0, "missing"),
        (["serve"], "# no key\n", 0o400, "short"),
        (["serve"], "", 0o444, "open to others"),
        (["audit", "verify"], "# no key\n", 0o400, "short"),
        (["admin", "list"], "", 0o444, "open to others"),
        (["keys", "check"], "0 x\n", 0o400, "malformed"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_wrong_configuration(rekey, tmp_path, words, ring, mode, said):
    """Whoever starts the bot can tell by the exit code that trying again is no use: 2, from every command alike."""
    slack = 'team_id = "T0TEST"\nbot_token = "xoxb-1"\napp_token = "xapp-1"\nsecurity_channel = "C0SECURITY1"'
    (tmp_path / "rekey.toml").write_text(CONFIG.replace('team_id = "T0TEST"', slack))
    if ring is not None:
        (tmp_path / "rekey.keys").write_text(ring)
        (tmp_path / "rekey.keys").chmod(mode)
    done = rekey(*words)
    assert (done.returncode, f"the key file cannot be used ({said})" in done.stderr) == (2, True), done


def test_debug_adds_the_traceback(rekey):
    """--debug shows where an error came from."""
    assert "Traceback" in rekey("--debug", "keys", "check").stderr


def test_from_nothing_to_an_enrolled_admin(ready, tmp_path):
    """Keys, store, an account, an enrolment with one proving code; then revoked, all of it in the journal."""
    assert oct((tmp_path / "rekey.keys").stat().st_mode)[-3:] == "400"
    assert "never overwritten" in ready("keys", "new").stderr
    assert ready("db", "check").returncode == 0
    add_ann(tmp_path)
    enrolment = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "bot",
            "admin",
            "enrol",
            "--slack-user",
            "U1",
            "--directory",
            "team",
            "--account",
            "ann",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    shown = ""
    while not (seed := re.search(r"type this key: ([A-Z2-7]+)", shown)):
        line = enrolment.stdout.readline()
        assert line, shown
        shown += line
    assert "▀" in shown or "█" in shown
    rest, _ = enrolment.communicate(pyotp.TOTP(seed[1]).now() + "\n", timeout=30)
    assert enrolment.returncode == 0, rest
    assert "Enrolled ann" in rest
    assert "enrolled" in ready("admin", "list").stdout
    assert "was not locked" in ready("admin", "unlock", "U1").stdout
    assert ready("admin", "revoke", "U2").returncode == 1
    assert ready("admin", "revoke", "U1").returncode == 0
    assert "revoked" in ready("admin", "list", "--all").stdout
    assert "2 entries" in ready("audit", "verify").stdout
    exported = [json.loads(line) for line in ready("audit", "export").stdout.splitlines()]
    assert [e["deed"] for e in exported] == ["enrolled", "revoked"]
    assert seed[1] not in json.dumps(exported)
    head = f"{exported[-1]['seq']}:{exported[-1]['mac']}"
    assert "whole" in ready("audit", "verify", "--head", head).stdout
    assert "enrolled" in ready("audit", "tail").stdout
    cut = ready("audit", "verify", "--head", f"9:{exported[-1]['mac']}")
    assert (cut.returncode, "cut" in cut.stderr) == (1, True)


def test_an_enrolment_without_a_code_is_none(ready, tmp_path):
    """Who goes away from the QR code has enrolled nobody, and is told so."""
    add_ann(tmp_path)
    done = ready("admin", "enrol", "--slack-user", "U1", "--directory", "team", "--account", "ann")
    assert (done.returncode, "and nobody was enrolled" in done.stderr) == (1, True)
    assert "Nobody is enrolled" in ready("admin", "list").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_an_output_that_takes_nothing_is_not_the_stores_fault(ready, tmp_path):
    """A full disk under the output is named, and not told as a store that cannot be read."""
    assert ready("directory", "new", "team").returncode == 0
    assert ready("admin", "break-glass", "new").returncode == 0
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "audit", "export"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, "No space left on device" in done.stderr) == (1, True), done


def test_the_doctor_says_what_to_do(ready, tmp_path):
    """Each check is a line, each failure has its remedy; a program gets the same as JSON."""
    add_ann(tmp_path)
    done = ready("doctor", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["ok"] is False
    wrong = [check for check in told["checks"] if not check["ok"]]
    assert all(check["remedy"] for check in wrong)
    assert {"keys", "store", "directory team: file"} <= {check["what"] for check in told["checks"] if check["ok"]}
    assert "rekey admin enrol" in ready("doctor").stdout


@pytest.mark.parametrize("before", [None, b""])
@pytest.mark.parametrize(
    "words",
    [
        ("serve",),
        ("admin", "list"),
        ("admin", "enrol", "--slack-user", "U0ADA", "--directory", "team", "--account", "ann", "--role", "helpdesk"),
        ("reset", "ann", "--as", "ann", "--dry-run"),
        ("jobs", "list"),
        ("policy", "test"),
        ("freeze", "--as", "ann"),
    ],
    ids=lambda words: words[0] + words[1] if len(words) > 1 else words[0],
)
def test_no_command_makes_a_directory(ready, tmp_path, words, before):
    """A mistyped `path` is refused with a sentence, in which it stands, and the file stays as it was."""
    path = tmp_path / "team.db"
    if before is not None:
        path.write_bytes(before)
    done = ready(*words, environ=SERVES)
    assert done.returncode == 2
    assert f"directories.team.path: {path} is " in done.stderr
    assert "rekey directory new" in done.stderr
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_directory_is_made_where_it_is_set_up(ready, tmp_path):
    """By its name, once, for its owner alone; whoever has one keeps it."""
    path = tmp_path / "team.db"
    done = ready("directory", "new", "team")
    assert (done.returncode, str(path) in done.stdout) == (0, True), done
    assert path.stat().st_mode & 0o777 == 0o600
    add_ann(tmp_path)
    kept = path.read_bytes()
    again = ready("directory", "new", "team")
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert path.read_bytes() == kept
    assert "1 accounts" in ready("doctor").stdout


@pytest.mark.parametrize(
    ("name", "environ", "said"),
    [
        ("corp", {}, "no directory called 'corp', so nothing was made; there is: team"),
        ("team", {"REKEY_DIRECTORIES__TEAM__PATH": "nowhere/team.db"}, "does not exist"),
    ],
)
def test_what_is_no_local_directory_is_not_made(ready, tmp_path, name, environ, said):
    """The sentence says which there are, or what is wrong with its path."""
    done = ready("directory", "new", name, environ=environ)
    assert (done.returncode, said in done.stderr) == (2, True), done
    assert not (tmp_path / "team.db").exists()


@pytest.mark.parametrize("before", [None, b""])
def test_the_doctor_makes_no_directory(ready, tmp_path, before):
    """A `path` that leads to no directory is wrong, and stays as it was: a mistyped one would pass for an empty one."""
    path = tmp_path / "team.db"
    if before is not None:
        path.write_bytes(before)
    told = {check["what"]: check for check in json.loads(ready("doctor", "--json").stdout)["checks"]}
    wrong = told["directory team"]
    assert not wrong["ok"]
    assert wrong["remedy"].startswith(f"directories.team.path: {path} ")
    assert "rekey directory new" in wrong["remedy"]
    assert (path.read_bytes() if path.exists() else None) == before


def test_the_doctor_asks_for_the_manifests_scopes():
    """What the doctor calls missing is what manifest.yml asks for, no more and no less."""
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES


def test_a_serving_process_leaves_no_core():
    """Hardened, a process may write no core file, and on Linux its memory is its own."""
    code = (
        "from bot.hardening import harden; harden(); import resource, ctypes, os\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[1], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), oct(os.umask(0)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["0", "0", "0o77"]
