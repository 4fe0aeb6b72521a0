"""One chunk of a bulk with everything that it is about: what a run of it has read, judged and drawn so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desk.dossier import Dossier

if TYPE_CHECKING:
    from directory.base import Account, Directory
    from directory.secret import Secret
    from resets.audit import AuditEntry
    from resets.outcome import Target
    from resets.request import ResetRequest, TargetState
    from store.chunks import Chunk


@dataclass(slots=True)
class Folder:
    """One chunk with everything that it is about. `accounts` and `secrets` are what this run has read and drawn."""

    chunk: Chunk
    request: ResetRequest
    proof: AuditEntry
    targets: dict[str, Target]
    directory: Directory
    accounts: dict[str, Account] = field(default_factory=dict)  # by target
    secrets: dict[str, Secret] = field(default_factory=dict)  # by target
    late: bool = False  # the time in which a first write may be made is over
    stopped: bool = False  # paused, cancelled or frozen: only what was begun is finished

    def those(self, *states: TargetState) -> list[Target]:
        """Return the targets that were in these states when they were last read."""
        return [target for target in self.targets.values() if target.state in states]

    def dossier(self, target: Target) -> Dossier:
        """Return one target's, for the careful way."""
        return Dossier(None, self.request, target, self.proof)
