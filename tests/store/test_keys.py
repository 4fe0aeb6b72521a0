"""The key ring's file."""

from __future__ import annotations

import base64
import os
import pickle
import stat

import pytest

from store.keys import CREDENTIAL, KeyFileError, KeyRing, derive

OLD, NEW = bytes(range(32)), bytes(range(100, 132))


def write(path, *masters, mode=0o400):
    lines = [f"{derive(m, 'id').hex()[:16]} {base64.b64encode(m).decode()}" for m in masters]
    path.write_text("\n".join(["# a comment", *lines, ""]))
    path.chmod(mode)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rekey.keys"


def refused(path):
    with pytest.raises(KeyFileError) as caught:
        KeyRing.load(path)
    assert caught.value.remedy
    return caught.value.reason


def test_a_new_ring_is_readable_by_its_owner_only_and_loads_as_it_was_made(path):
    """`keys new` makes a file of mode 0400, whatever the umask, from which the same keys come."""
    before = os.umask(0)
    try:
        made = KeyRing.create(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    loaded = KeyRing.load(path)
    assert loaded.ids == made.ids
    assert loaded.audit_key == made.audit_key


def test_a_ring_is_never_overwritten(path):
    """A second `keys new` leaves the file as it is: its keys hold everything that is sealed."""
    KeyRing.create(path)
    before = path.read_text()
    with pytest.raises(KeyFileError, match="exists"):
        KeyRing.create(path)
    assert path.read_text() == before


def test_a_ring_is_not_made_where_no_file_can_be(tmp_path):
    """A folder that is missing is a sentence, not a traceback."""
    with pytest.raises(KeyFileError, match="unwritable"):
        KeyRing.create(tmp_path / "nowhere" / "rekey.keys")


def test_every_use_has_a_key_of_its_own(path):
    """A key that leaks from one use tells nothing about another, nor about the master."""
    ring = KeyRing.load(write(path, OLD, NEW))
    keys = {ring.audit_key, ring.code_key, *(ring.wrapping_key(i) for i in ring.ids), *ring.audit_keys.values()}
    assert len(keys) == 5
    assert not keys & {OLD, NEW}


def test_the_newest_key_comes_first(path):
    """The first line seals and signs; the others still open and verify."""
    ring = KeyRing.load(write(path, NEW, OLD))
    assert ring.newest == derive(NEW, "id").hex()[:16]
    assert len(ring.ids) == 2
    assert ring.audit_key == derive(NEW, "audit")
    assert ring.wrapping_key("unknown") is None


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o420, 0o402, 0o644, 0o666])
def test_a_file_that_others_can_touch_is_refused(path, mode):
    """A key file that anyone else may read or write is no secret."""
    assert refused(write(path, OLD, mode=mode)) == "open_to_others"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(path):
    """Whoever owns the file can change it."""
    write(path, OLD)
    os.chown(path, 12345, 12345)
    assert refused(path) == "wrong_owner"


def test_a_missing_file_is_said_so(path):
    """The remedy names the command."""
    assert refused(path) == "missing"


def test_only_a_regular_file_is_read(path, tmp_path):
    """A folder or a pipe is refused at once; a pipe does not hold the start up."""
    path.mkdir(mode=0o700)
    assert refused(path) in {"not_a_file", "unreadable"}
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o400)
    assert refused(pipe) == "not_a_file"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "short"),
        ("# only a comment\n", "short"),
        ("0123456789abcdef c2hvcnQ=\n", "short"),
        (f"0123456789abcdef {base64.b64encode(bytes(32)).decode()}\n", "weak"),
        (f"0123456789abcdef {base64.b64encode(OLD).decode()}\n", "malformed"),
        (f"{derive(OLD, 'id').hex()[:16]} {base64.b64encode(OLD + b'x').decode()}\n", "malformed"),
        ("no base64 at all!\n", "malformed"),
        ("\u00e9\n", "malformed"),
    ],
)
def test_a_damaged_file_is_refused(path, content, reason):
    """Empty, cut, all-equal, altered or foreign: never a key that only looks like ours."""
    path.write_text(content)
    path.chmod(0o400)
    assert refused(path) == reason


def test_a_systemd_credential_comes_first(path, tmp_path, monkeypatch):
    """Where systemd hands the ring over, the configured file is not even looked at; its ACL's mask is accepted."""
    write(tmp_path / CREDENTIAL, NEW, mode=0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert KeyRing.load(tmp_path / "elsewhere").audit_key == derive(NEW, "audit")
    (tmp_path / CREDENTIAL).chmod(0o444)
    assert refused(path) == "open_to_others"


def test_a_ring_shows_nothing(path):
    """Neither printing nor pickling a ring gives a key away."""
    ring = KeyRing.load(write(path, OLD))
    assert OLD.hex() not in repr(ring)
    assert ring.newest in repr(ring)
    with pytest.raises(TypeError):
        pickle.dumps(ring)
