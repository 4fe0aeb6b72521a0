"""What every table of the configuration has in common."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

SPAN = re.compile(r"([1-9][0-9]{0,5})\s*([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _span(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a span such as "24h": a number and one of s, m, h, d')
    return timedelta(**{UNITS[found[2]]: int(found[1])})


Span = Annotated[timedelta, BeforeValidator(_span)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class Section(BaseModel):
    """One table of the file: unknown keys are mistakes, an error never repeats a value, nothing changes later."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True, validate_default=True
    )
