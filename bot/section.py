"""What every table of the configuration has in common."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

SPAN = re.compile(r"([1-9][0-9]{0,8})\s*([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=365)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def _span(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = span(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must be a span such as "24h": a number and one of s, m, h, d; 365d at most')
    return found


def span(text: str) -> timedelta | None:
    """Read a span as people write it; None where it is none, or longer than a year."""
    found = SPAN.fullmatch(text.strip())
    read = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
    return read if read is not None and read <= LONGEST else None


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("must be of small letters, digits, - and _, 32 at most, and begin with a letter or a digit")
    return value


Span = Annotated[timedelta, BeforeValidator(_span)]
Name = Annotated[str, AfterValidator(_name)]


class Section(BaseModel):
    """One table of the file: unknown keys are mistakes, an error never repeats a value, nothing changes later."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True, validate_default=True
    )
