"""What a process that holds secrets does first: it leaves no core file and lets no other process read its memory."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import sys

log = logging.getLogger(__name__)

PR_SET_DUMPABLE = 4  # Source: linux/prctl.h


def harden() -> None:
    """Forbid core dumps, reading of this process's memory by its own user, and files that others may read.

    Best effort: where the system refuses, an event says so and the process goes on.
    """
    os.umask(0o077)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        log.warning("core_dumps_not_forbidden")
    if not sys.platform.startswith("linux"):
        return
    try:
        refused = ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0
    except (OSError, AttributeError):
        refused = True
    if refused:
        log.warning("memory_not_shielded")
