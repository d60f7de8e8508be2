"""Ends processes with those that they started, and tells how much memory they hold."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # from Linux's <sys/prctl.h>
# Loaded here: between a fork and what follows it, little is allowed.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def lead_own_group() -> None:
    """Put this process into a group of its own, which can be ended as a whole."""
    with suppress(OSError):
        os.setpgid(0, 0)


def end_with(parent: int) -> None:
    """Let Linux kill this process when ``parent``, its parent, ends, even if that was killed itself.

    Other systems have no such thing: there the process goes on until its own work is done.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it has ended before the line above
            os._exit(1)


def end(leader: int) -> None:
    """Kill the group that the process ``leader`` leads."""
    with suppress(ProcessLookupError, PermissionError):  # nothing is left of it; macOS says the latter
        os.killpg(leader, signal.SIGKILL)


def resident_bytes(process: int) -> int:
    """Physical memory that a process and its descendants hold; 0 where there is no ``/proc``."""
    folder, total = Path(f"/proc/{process}"), 0
    with suppress(OSError, ValueError):  # it may end while this looks at it
        total = int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for children in folder.glob("task/*/children"):
            total += sum(resident_bytes(int(child)) for child in children.read_text().split())
    return total
