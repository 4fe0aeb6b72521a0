"""A directory's settings cannot be used: one sentence with the key, one with the remedy."""

from __future__ import annotations


class Misconfigured(Exception):
    """Raised while a directory is opened, for the operator to read; never while it is used.

    `key` is the setting within the directory's own section ("path", "kind"), "" for the section as a whole.
    Neither text holds a setting's value where that may be a secret.
    """

    def __init__(self, key: str, what: str, remedy: str) -> None:
        super().__init__(f"{key}: {what} {remedy}" if key else f"{what} {remedy}")
        self.key = key
        self.what = what
        self.remedy = remedy
