"""How Slack says no: one exception that carries its code."""

from __future__ import annotations

from typing import Any


class SlackSaysNo(Exception):
    """Slack's `{"ok": false, "error": code}`; nothing has changed.

    Attributes:
        code: Slack's own word, such as "hash_conflict".
        details: readable sentences with JSON pointers, as Slack's response_metadata.messages.
        extra: further members of the answer ("needed", "provided").
    """

    def __init__(self, code: str, *details: str, **extra: Any) -> None:
        super().__init__(code, *details)
        self.code = code
        self.details = details
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """Answer the JSON that the caller gets."""
        answer: dict[str, Any] = {"ok": False, "error": self.code, **self.extra}
        if self.details:
            answer["errors"] = list(self.details)
            answer["response_metadata"] = {"messages": [f"[ERROR] {line}" for line in self.details]}
        return answer


class CannotDo(Exception):
    """What a person tried on the page cannot be done; its text is words for that person."""
