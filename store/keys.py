"""The key ring: a file of master keys, newest first, from which every working key is derived."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Never, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HEADER = "# rekey-keys-1: newest first; whoever reads this file can open every seal"
CREDENTIAL = "rekey.keys"  # the name under systemd's $CREDENTIALS_DIRECTORY
SIZE = 32
LARGEST_FILE = 64 * 1024
PRIVATE = 0o077  # no bit of these may be set
PRIVATE_CREDENTIAL = 0o037  # systemd grants the reader by an ACL, whose mask shows as the group's read bit


class KeyFileError(Exception):
    """The key file cannot be used. `reason` is for programs, `remedy` for people; neither holds a key."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}: {remedy}")
        self.reason = reason
        self.remedy = remedy


def derive(master: bytes, use: str) -> bytes:
    """Return the 32-byte key for one use (HKDF-SHA256). Source: RFC 5869."""
    return HKDF(algorithm=SHA256(), length=SIZE, salt=None, info=f"rekey-{use}-1".encode()).derive(master)


class KeyRing:
    """Master keys, newest first. The newest seals and signs; the others only open and verify.

    The keys live in a closure, so that no walk over attributes finds them.
    """

    __slots__ = ("_derived", "ids")

    def __init__(self, masters: tuple[bytes, ...]) -> None:
        """Take 1 or more keys of 32 bytes."""
        by_id = {derive(master, "id").hex()[:16]: master for master in masters}

        @lru_cache(maxsize=64)
        def derived(key_id: str, use: str) -> bytes | None:
            master = by_id.get(key_id)
            return None if master is None else derive(master, use)

        self.ids: tuple[str, ...] = tuple(by_id)
        self._derived: Callable[[str, str], bytes | None] = derived

    @property
    def newest(self) -> str:
        """Return the id of the key that seals and signs."""
        return self.ids[0]

    @property
    def audit_key(self) -> bytes:
        """Return the key that signs new journal entries."""
        return self._newest("audit")

    @property
    def audit_keys(self) -> Mapping[str, bytes]:
        """Return the keys that verify journal entries, by id."""
        return {key_id: key for key_id in self.ids if (key := self._derived(key_id, "audit")) is not None}

    @property
    def code_key(self) -> bytes:
        """Return the key under which pickup codes are kept."""
        return self._newest("code")

    @property
    def plan_key(self) -> bytes:
        """Return the key that signs the rows of a bulk's plan."""
        return self._newest("plan")

    @property
    def form_key(self) -> bytes:
        """Return the key that signs open forms."""
        return self._newest("form")

    def wrapping_key(self, key_id: str) -> bytes | None:
        """Return the key that wraps data keys, or None for an id that is not on the ring."""
        return self._derived(key_id, "wrap")

    def _newest(self, use: str) -> bytes:
        key = self._derived(self.newest, use)
        assert key is not None
        return key

    def __repr__(self) -> str:
        return f"<KeyRing {', '.join(self.ids)}>"

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a key ring is never pickled or copied")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the ring from systemd's credential where there is one, else from the file.

        Raises:
            KeyFileError: "missing", "unreadable", "not_a_file", "wrong_owner", "open_to_others", "malformed", "short"
                or "weak".
        """
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder) / CREDENTIAL if folder else None
        if credential is not None and credential.exists():
            return cls(_parse(_read(credential, PRIVATE_CREDENTIAL)))
        return cls(_parse(_read(path, PRIVATE)))

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new ring with one random key, in a new file that only its owner may read (mode 0400).

        Raises:
            KeyFileError: "exists" (it is left as it was) or "unwritable".
        """
        master = secrets.token_bytes(SIZE)
        ring = cls((master,))
        line = f"{HEADER}\n{ring.newest} {base64.b64encode(master).decode()}\n"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        except FileExistsError as error:
            raise KeyFileError("exists", f"{path} is there already; a ring is never overwritten") from error
        except OSError as error:
            raise KeyFileError("unwritable", f"make the folder of {path} writable") from error
        with os.fdopen(handle, "w") as file:
            os.fchmod(handle, 0o400)
            file.write(line)
            file.flush()
            os.fsync(handle)
        return ring


def _read(path: Path, forbidden: int) -> str:
    try:
        # Checked on what is open, not on the name; NONBLOCK, so that a pipe does not hold us up.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise KeyFileError("missing", f"run `rekey keys new` to make {path}, or restore it from your backup") from error
    except OSError as error:
        raise KeyFileError("unreadable", f"let the bot's user read {path}") from error
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise KeyFileError("not_a_file", f"{path} must be a regular file")
        if facts.st_uid not in {0, os.geteuid()}:
            raise KeyFileError("wrong_owner", f"make {path} belong to the bot's user or to root")
        if facts.st_mode & forbidden:
            raise KeyFileError("open_to_others", f"run `chmod 0400 {path}`; consider the keys known and replace them")
        return os.read(handle, LARGEST_FILE).decode("ascii")
    except UnicodeDecodeError as error:
        raise KeyFileError("malformed", f"{path} is no key ring; restore it from your backup") from error
    finally:
        os.close(handle)


def _parse(content: str) -> tuple[bytes, ...]:
    lines = [line.strip() for line in content.splitlines()]
    masters = tuple(_master(line) for line in lines if line and not line.startswith("#"))
    if not masters:
        raise KeyFileError("short", "the key file holds no key; restore it from your backup")
    return masters


def _master(line: str) -> bytes:
    restore = "restore the key file from your backup"
    key_id, _, encoded = line.partition(" ")
    try:
        master = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error as error:
        raise KeyFileError("malformed", restore) from error
    if len(master) < SIZE:
        raise KeyFileError("short", restore)
    if len(set(master)) == 1:
        raise KeyFileError("weak", "an all-equal key protects nothing; run `rekey keys new`")
    if len(master) > SIZE or derive(master, "id").hex()[:16] != key_id:
        raise KeyFileError("malformed", restore)
    return master
