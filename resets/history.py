"""The history of a request to which others have to agree: which of the journal's entries are a line under its card."""

from __future__ import annotations

from dataclasses import dataclass

from resets.audit import AuditEntry, Deed

TOLD = frozenset(
    {
        Deed.STEPPED_UP,  # asked
        Deed.APPROVED,
        Deed.DENIED,
        Deed.WITHDRAWN,  # or changed: another request has taken its place
        Deed.LAPSED,
        Deed.STARTED,
        Deed.PAUSED,
        Deed.RESUMED,
        Deed.RETRIED,
        Deed.CANCELLED,
        Deed.DONE,
        # of one person alone: it could not be done after all
        Deed.FAILED,
        Deed.EXCLUDED,
        Deed.STEP_FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that has happened to a request, as the journal has it: however late it is said, it says what was."""

    entry: AuditEntry
    requester_name: str
    count: int  # people to be reset
