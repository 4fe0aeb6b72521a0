"""A mistake that the operator can mend: one sentence and a remedy, and the command's exit code."""

from __future__ import annotations


class OperatorError(Exception):
    """Something that the operator must mend. The text is one sentence and its remedy; it holds no secret."""

    exit_code = 1

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class ConfigError(OperatorError):
    """The configuration is wrong; each sentence names the key and the remedy."""

    exit_code = 2
