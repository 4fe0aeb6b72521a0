"""A throw-away slapd: ppolicy, TLS under a CA of its own, a service account with the least rights, one folder.

It listens on 127.0.0.1 alone, on ports that were free, and ends by its own process id. What another admin or a person
would do goes through ldap-utils, so that a test's witness shares no line of code with the connector.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.authority import Authority
from tests.support.slapd_conf import (
    BASE,
    CONF,
    DEFAULT_POLICY,
    GROUPS,
    PEOPLE,
    POLICIES,
    RECOVERY_SCHEMA,
    ROOT,
    ROOT_PASSWORD,
    SCHEMA,
    SERVICE,
    SERVICE_PASSWORD,
    TREE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BASE",
    "DEFAULT_POLICY",
    "GROUPS",
    "PEOPLE",
    "POLICIES",
    "ROOT",
    "ROOT_PASSWORD",
    "SERVICE",
    "SERVICE_PASSWORD",
    "Slapd",
    "demand",
    "free_port",
    "missing",
    "people",
]

SLAPD = Path("/usr/sbin/slapd")


def missing() -> str | None:
    """Say what this machine lacks, in words for a skip; None when nothing."""
    if not SLAPD.exists():
        return "slapd is not installed (Debian: apt-get install slapd ldap-utils)"
    if not shutil.which("ldapmodify"):
        return "ldap-utils is not installed (Debian: apt-get install ldap-utils)"
    return None


def demand() -> None:
    """Skip the test where slapd is missing; fail it under CI, where it must not be."""
    if lack := missing():
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Slapd:
    """One server in one folder. `up` makes it fresh and starts it; `down` ends it, whatever state it is in."""

    def __init__(self, folder: Path, *, extra: str = "") -> None:
        self.folder = folder
        self.extra = extra  # more lines for the database's section
        self.authority = Authority(folder / "tls")
        self.port = free_port()
        self.tls_port = free_port()
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where TLS begins with the connection."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def plain_url(self) -> str:
        """Where TLS begins with StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    # -- its life ------------------------------------------------------------------------------------------

    def up(self, *, more: str = "", right: str = "=w", state_right: str = "write", most: str = "unlimited") -> None:
        """Start anew with an empty tree, and with `more` LDIF in it.

        Args:
            more: LDIF, loaded offline with slapadd.
            right: what the service account may do with people's userPassword.
            state_right: what it may do with pwdReset and pwdAccountLockedTime.
            most: how many entries it may read in one search.
        """
        self.down()
        shutil.rmtree(self.folder / "db", ignore_errors=True)
        (self.folder / "db").mkdir()
        self.configure(right=right, state_right=state_right, most=most)
        units = "".join(
            f"dn: ou={ou},{BASE}\nobjectClass: organizationalUnit\nou: {ou}\n\n"
            for ou in ("people", "admins", "groups", "services", "policies")
        )
        load = [SLAPD, "-T", "add", "-q", "-f", self.folder / "slapd.conf"]
        ldif = TREE.format(units=units) + "\n" + more
        done = subprocess.run(load, input=ldif, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        self.start()

    def configure(self, *, right: str = "=w", state_right: str = "write", most: str = "unlimited") -> None:
        """Write slapd.conf; in force from the next start."""
        (self.folder / "rekey.schema").write_text(RECOVERY_SCHEMA)
        names = {
            "schema": SCHEMA,
            "folder": self.folder,
            "authority": self.authority,
            "base": BASE,
            "root": ROOT,
            "root_password": ROOT_PASSWORD,
            "service": SERVICE,
            "default_policy": DEFAULT_POLICY,
            "people": PEOPLE,
            "policies": POLICIES,
            "right": right,
            "state_right": state_right,
            "most": most,
            "extra": self.extra,
        }
        (self.folder / "slapd.conf").write_text(CONF.format(**names))

    def start(self) -> None:
        """Start it on the data that it has, and return when it listens."""
        listen = f"{self.plain_url}/ {self.url}/"
        command = [SLAPD, "-f", self.folder / "slapd.conf", "-h", listen, "-d", "none"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._process = process
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "slapd starting" in line:
                break
        else:
            process.wait()
            process.stderr.close()
            self._process = None
            raise AssertionError("slapd did not start: " + "".join(said))
        threading.Thread(target=_drain, args=(process,), daemon=True).start()
        _listening(self.port)  # it says so a moment before it listens
        _listening(self.tls_port)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it with kill -9."""
        self._end(signal.SIGKILL)

    def down(self) -> None:
        """End it for good, also when it is paused or gone already."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: the kernel still takes connections and bytes, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)  # it stops a moment after it was told to
        assert os.WIFSTOPPED(status)

    def resume(self) -> None:
        """SIGCONT; harmless when it is not paused or not running."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop and start on the same data."""
        self.stop()
        self.start()

    def move(self) -> int:
        """Take other ports, from the next start on; return the TLS port that is free now."""
        old, self.port, self.tls_port = self.tls_port, free_port(), free_port()
        return old

    def _end(self, sign: signal.Signals) -> None:
        process = self._process
        assert process is not None
        process.send_signal(sign)
        process.wait(timeout=30)
        self._process = None

    # -- what others do to it ------------------------------------------------------------------------------

    def admin(self, ldif: str, *, relax: bool = False) -> None:
        """Apply LDIF (add, modify, delete, modrdn) as the directory's own administrator.

        With `relax`, what only the server itself may set can be set too (pwdChangedTime).
        """
        self._tool("ldapmodify", ROOT, ROOT_PASSWORD, "-a", *(("-e", "!relax") if relax else ()), ldif=ldif)

    def replace(self, dn: str, attribute: str, value: str) -> None:
        """Set one attribute of an entry as the administrator."""
        self.admin(_replace(dn, attribute, value))

    def whoami(self, dn: str, password: str) -> subprocess.CompletedProcess[str]:
        """Sign in as `dn`, asking for the policy's say; the caller reads returncode and stderr."""
        return self._run("ldapwhoami", dn, password, "-e", "ppolicy")

    def passwd(self, dn: str, old: str, new: str) -> None:
        """Change a password as the person whose it is."""
        self._tool(
            "ldapmodify", dn, old, ldif=f"dn: {dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: {new}\n"
        )

    def read(self, dn: str, *attributes: str) -> dict[str, list[str]]:
        """Read one entry as the administrator; attribute names in lower case, base64 left as it is."""
        out = self._tool(
            "ldapsearch", ROOT, ROOT_PASSWORD, "-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", dn, *attributes
        )
        found: dict[str, list[str]] = {}
        for line in out.splitlines():
            name, colon, value = line.partition(": ")
            if colon and name != "dn":
                found.setdefault(name.lower().rstrip(":"), []).append(value)
        return found

    @staticmethod
    def dn(attribute: str, value: str, parent: str = PEOPLE) -> str:
        """Write a DN whose first value may be any text (RFC 4514, 2.4: every byte as a hex pair)."""
        pairs = "".join("\\" + f"{byte:02x}" for byte in value.encode())
        return f"{attribute}={pairs},{parent}"

    def _tool(self, name: str, dn: str, password: str, *more: str, ldif: str | None = None) -> str:
        done = self._run(name, dn, password, *more, ldif=ldif)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout

    def _run(
        self, name: str, dn: str, password: str, *more: str, ldif: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [name, "-x", "-H", self.url, "-D", dn, "-w", password, *more]
        env = {"PATH": os.environ["PATH"], "LDAPTLS_CACERT": str(self.authority.ca)}
        return subprocess.run(command, input=ldif, text=True, capture_output=True, env=env, timeout=30, check=False)


def _listening(port: int) -> None:
    """Return when somebody takes connections; slapd has been told so and is about to."""
    patience = threading.Event()
    for _ in range(2000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        patience.wait(0.005)
    raise AssertionError(f"nobody listens on {port}")


def _replace(dn: str, attribute: str, value: str) -> str:
    return f"dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"


def _drain(process: subprocess.Popen[str]) -> None:
    """Read what slapd says, so that it never waits for a full pipe."""
    assert process.stderr is not None
    with process.stderr:
        for _ in process.stderr:
            pass


def people(count: int, *, start: int = 1, names: Iterable[tuple[str, str]] = (("Ada", "Lovelace"),)) -> str:
    """Write LDIF of `count` people u000001..., with passwords Start-u000001-pw, for Slapd.up(more=...)."""
    pairs = list(names)
    lines = []
    for number in range(start, start + count):
        given, family = pairs[number % len(pairs)]
        login = f"u{number:06d}"
        lines.append(
            f"dn: uid={login},{PEOPLE}\nobjectClass: inetOrgPerson\nobjectClass: rekeyPerson\nuid: {login}\n"
            f"cn: {given} {family} {number}\ngivenName: {given}\nsn: {family}\nmail: {login}@example.test\n"
            f"departmentNumber: D{number % 20:02d}\nuserPassword: Start-{login}-pw\n"
        )
    return "\n".join(lines)
