"""The proof that it is really the admin: a code from an authenticator app (TOTP), used once, paid for first."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyotp

from directory.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = timedelta(seconds=30)  # RFC 6238, 5.2
DRIFT = 1  # steps either way that are taken: "at most one time step is allowed", RFC 6238, 5.2
FORGOTTEN = 20  # steps (10 minutes) either way in which a wrong clock is recognised, and never taken
SEED_BYTES = 20  # 160 bits, the length of HMAC-SHA-1; NIST SP 800-63B-4, 3.1.4.1 asks for 112

FREE = 3  # tries before the first wait
FIRST_WAIT = timedelta(seconds=30)  # doubled with each further miss
LONGEST_WAIT = timedelta(hours=1)
LOCK_AT = 10  # misses; NIST SP 800-63B-4, 3.2.2 allows 100


@dataclass(frozen=True, slots=True)
class Right:
    """The code is right. `step` has to be spent, so that it is right only once."""

    step: int


@dataclass(frozen=True, slots=True)
class Used:
    """The code was right, and it or a later one has been used already."""


@dataclass(frozen=True, slots=True)
class Skewed:
    """The code belongs to another time: the phone's clock is `minutes` ahead (negative: behind)."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """The code is nothing that the seed gives anywhere near now."""


def well_formed(code: str) -> str | None:
    """Return the six ASCII digits of a typed code, whatever blanks it has; None when it is not a code."""
    digits = "".join(code.split())
    # not `\d` and not `isdigit`: both take digits of other scripts
    return digits if re.fullmatch("[0-9]{6}", digits) else None


def match(seed: Secret, code: str, now: datetime, last_step: int) -> Right | Used | Skewed | Wrong:
    """Hold a well-formed code against a seed.

    Args:
        seed: base 32, as `new_seed` made it.
        code: six digits, as `well_formed` gave them.
        now: aware UTC.
        last_step: the last step that was spent; 0 for none. Only a later one is right.
    """
    totp = pyotp.TOTP(seed.reveal())
    here = totp.timecode(now)
    asked = code.encode()
    compared = [  # always all of them: the time taken tells nothing
        (offset, hmac.compare_digest(totp.generate_otp(here + offset).encode(), asked))
        for offset in range(-min(FORGOTTEN, here), FORGOTTEN + 1)
    ]
    hits = [offset for offset, same in compared if same]
    near = [here + offset for offset in hits if abs(offset) <= DRIFT]
    if near:
        return Right(max(near)) if max(near) > last_step else Used()
    return Skewed(_minutes(min(hits, key=abs))) if hits else Wrong()


def _minutes(offset: int) -> int:
    """Return steps as whole minutes, never 0."""
    return (1 if offset > 0 else -1) * (abs(offset) * STEP // timedelta(minutes=1))


def step_of(now: datetime) -> int:
    """Return the number of the time step that `now` (aware UTC) lies in."""
    return int(now.timestamp()) // int(STEP.total_seconds())


def price(misses: int) -> tuple[timedelta | None, bool]:
    """Say what one more try costs if it misses: the wait before the next, and whether it locks.

    Three tries are free; then 30 s, doubling; the 10th miss locks, after 63.5 minutes at the earliest.

    Args:
        misses: the misses in a row before this try, 0 or more.
    """
    miss = misses + 1
    if miss >= LOCK_AT:
        return LONGEST_WAIT, True
    if miss < FREE:
        return None, False
    return min(FIRST_WAIT * 2 ** (miss - FREE), LONGEST_WAIT), False


def new_seed(randbytes: Callable[[int], bytes]) -> Secret:
    """Draw a seed of 160 bits, in base 32."""
    return Secret(base64.b32encode(randbytes(SEED_BYTES)).decode())


def uri(seed: Secret, login: str, issuer: str) -> Secret:
    """Return the otpauth address that an authenticator app reads from a QR code. It contains the seed.

    Source: github.com/google/google-authenticator/wiki/Key-Uri-Format.
    """
    return Secret(pyotp.TOTP(seed.reveal()).provisioning_uri(name=login, issuer_name=issuer))
