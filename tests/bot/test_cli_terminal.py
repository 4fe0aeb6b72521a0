"""The command line on a terminal: what is asked, typed and shown there, and Ctrl-C."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from resets.request import RequestState
from tests.support.shell import Shell

ROOT = Path(__file__).parents[2]
CROWD = 30
PATIENCE = 60  # seconds


@pytest.fixture
def rekey(tmp_path, monkeypatch):
    shell = Shell(tmp_path, monkeypatch)
    shell.furnish(CROWD)
    return shell


@contextmanager
def _on_terminal(rekey, *words):
    """Start the command on a terminal of its own; gives the process and the terminal's other end, and ends both."""
    ours, theirs = os.openpty()

    def own():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs us in the background ignores it
        os.login_tty(theirs)

    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "--config", str(rekey.config), *words],
        preexec_fn=own,  # noqa: PLW1509 - the test has one thread
        pass_fds=(theirs,),
        cwd=rekey.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "TERM": "xterm"},
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _hidden(terminal, typed):
    """Type what is not shown, once the terminal no longer echoes: what comes before that is thrown away."""
    until = time.monotonic() + PATIENCE
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        assert time.monotonic() < until
        os.sched_yield()
    os.write(terminal, typed)


def _interrupted(process, terminal):
    """Press Ctrl-C once the process sleeps in its question: between the words and the sleep Python may miss one."""
    until = time.monotonic() + PATIENCE
    while Path(f"/proc/{process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "S":
        assert time.monotonic() < until
        os.sched_yield()
    os.write(terminal, b"\x03")


def _until(terminal, wanted):
    """Read until something was written, or to the end."""
    shown, until = b"", time.monotonic() + PATIENCE
    while wanted is None or wanted.encode() not in shown:
        assert time.monotonic() < until, shown.decode()
        assert select.select([terminal], [], [], PATIENCE)[0], shown.decode()
        try:
            data = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other end is closed
            data = b""
        if not data:
            assert wanted is None, shown.decode()
            break
        shown += data
    return shown.decode()


def test_ctrl_c_at_the_question_ends_at_once(rekey):
    """On a terminal the code is asked for without an echo; Ctrl-C there ends the command and begins nothing."""
    with _on_terminal(rekey, "reset", "p00", "--as", "ada") as (process, terminal):
        _until(terminal, "authenticator app")
        _hidden(terminal, b"12")
        _interrupted(process, terminal)
        rest = _until(terminal, None)
        assert process.wait(timeout=30) == 1
    assert "Stopped." in rest
    assert "12" not in rest
    assert "Traceback" not in rest
    assert rekey.runs() == ()


def test_ctrl_c_beside_the_qr_code_enrols_nobody(rekey):
    """One press is enough there, too, and what it means is said."""
    words = ("admin", "enrol", "--slack-user", "U0NINA", "--directory", "corp", "--account", "nina")
    with _on_terminal(rekey, *words) as (process, terminal):
        _until(terminal, "The code: ")
        _interrupted(process, terminal)
        rest = _until(terminal, None)
        assert process.wait(timeout=30) == 1
    assert "Stopped, and nobody was enrolled" in rest
    assert "U0NINA" not in rekey("admin", "list").out


def test_on_a_terminal_number_code_and_bar(rekey):
    """The number is typed, a wrong code may be typed again, a bar shows it; Ctrl-C then stops only the looking."""
    with rekey.lock(), _on_terminal(rekey, "reset", "--group", "Sales", "--as", "ada") as (process, terminal):
        _until(terminal, "Type the number")
        os.write(terminal, b"30\n")
        _until(terminal, "authenticator app")
        _hidden(terminal, b"12x456\n")
        assert "6 digits" in _until(terminal, "authenticator app")  # both may come at once
        _hidden(terminal, rekey.code().encode())
        shown = _until(terminal, "0/30")
        process.send_signal(signal.SIGINT)
        rest = _until(terminal, None)
        assert process.wait(timeout=30) == 1
    assert "Begins in 60 seconds" in shown
    assert rekey.code().strip() not in shown
    assert "Stopped looking; the job itself goes on." in rest
    assert "Traceback" not in rest
    assert [run.state for run in rekey.runs()] == [RequestState.HELD]


def test_a_pause_ends_the_looking(rekey):
    """A command that follows its run does not wait for somebody to resume it: it says how, and exits with 1."""
    with rekey.lock(), _on_terminal(rekey, "reset", "p00", "--as", "ada") as (process, terminal):
        _until(terminal, "authenticator app")
        os.write(terminal, rekey.code().encode())
        _until(terminal, "0/1")
        (run,) = rekey.runs()
        assert rekey("jobs", "pause", run.request_id, "--as", "zoe").code == 0
        rest = _until(terminal, None)
        assert process.wait(timeout=30) == 1
    assert f"rekey jobs resume {run.request_id[:8]} --as LOGIN" in rest
    assert "Somebody has paused this run" in rest
