"""A text that must not be seen: it refuses to be printed, logged, copied, compared or pickled."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Never

if TYPE_CHECKING:
    from collections.abc import Callable


class Secret:
    """Holds a text that only `reveal` hands out.

    The text lives in a closure, so that no walk over attributes (a debugger's locals, `vars`, a serializer's
    default) finds it. `reveal` is the one name to search for when asking where a secret is in clear.
    """

    __slots__ = ("_open",)

    def __init__(self, text: str) -> None:
        def opened() -> str:
            return text

        self._open: Callable[[], str] = opened

    def reveal(self) -> str:
        """Return the text in clear."""
        return self._open()

    def same_as(self, other: Secret) -> bool:
        """Say in constant time whether both hold the same text."""
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a Secret is never pickled or copied")

    def __copy__(self) -> Never:
        raise TypeError("a Secret is never pickled or copied")

    def __deepcopy__(self, memo: dict[int, Any]) -> Never:
        raise TypeError("a Secret is never pickled or copied")

    __hash__ = None  # type: ignore[assignment]
