"""What may be written while a directory is opened, where it is a file of ours. A server is never made or changed."""

from __future__ import annotations

from enum import StrEnum


class Opening(StrEnum):
    """A mistyped path must not pass for an empty directory: only who sets one up makes it."""

    LOOK = "look"  # nothing is written
    USE = "use"  # a file of an older version is brought up to date; there has to be one
    MAKE = "make"  # and one that is missing or empty is made
