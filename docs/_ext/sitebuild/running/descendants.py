"""What a process has started, directly or not: its names, its memory, its end.

It is read from ``/proc``. Where there is none, as on macOS, nothing is known of it, and whoever starts a
process can only end its group.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # from <linux/prctl.h>
_LONGEST_COMMAND = 60
_PAGE = os.sysconf("SC_PAGE_SIZE")


def adopt_orphans() -> None:
    """From now on a process that outlives its parent becomes a child of this one, if this one started the parent."""
    with suppress(AttributeError):  # not Linux
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _is_over(process: int) -> bool:
    """Whether ``process`` is gone, or only an entry that its parent has not asked about."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "Z"
    return True


def children(process: int) -> list[int]:
    """Processes that ``process`` has started, and orphans that it has adopted."""
    found: list[int] = []
    for threads in Path(f"/proc/{process}").glob("task/*/children"):
        with suppress(OSError):  # it may end while this looks at it
            found += map(int, threads.read_text().split())
    return [child for child in found if not _is_over(child)]


def descendants(process: int) -> list[int]:
    """Children of ``process``, their children and so on."""
    found = children(process)
    for child in found:  # it grows meanwhile
        found += [each for each in children(child) if each not in found]
    return found


def command_of(process: int) -> str:
    """How ``process`` was started, cut to what fits in a line; "" if it is over."""
    with suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
        command = "".join(character if character.isprintable() else "?" for character in words)
        return command if len(command) <= _LONGEST_COMMAND else command[: _LONGEST_COMMAND - 1] + "…"
    return ""


def end_descendants(process: int, spared: frozenset[int] = frozenset()) -> list[str]:
    """Kill all that ``process`` has started, except children in ``spared`` and what these have started.

    Returns
    -------
    list of str
        How each of them was started.
    """
    ended: dict[int, str] = {}
    while found := [
        each
        for child in children(process)
        if child not in spared
        for each in [child, *descendants(child)]
        if each not in ended
    ]:  # more than once: one of them may start another meanwhile
        for each in found:
            ended[each] = command_of(each)
            with suppress(ProcessLookupError, PermissionError):
                os.kill(each, signal.SIGKILL)
    return [command for command in ended.values() if command]


def _resident_bytes(process: int) -> int:
    """Physical memory of ``process``; what it shares with others is counted in full."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE


def _proportional_bytes(process: int) -> int:
    """Physical memory of ``process``; what it shares with others is divided among them. Slower to read."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def held_bytes(process: int, limit: float) -> float:
    """Physical memory that ``process`` and all that it has started hold together.

    Parameters
    ----------
    process : int
    limit : float
        What is interesting: up to it, shared pages may be counted once for each process.

    Returns
    -------
    float
        In bytes; 0 where it is not known.
    """

    def total(count: Callable[[int], int]) -> int:
        amount = 0
        for each in [process, *descendants(process)]:
            with suppress(OSError, ValueError, IndexError):  # it may end while this looks at it
                amount += count(each)
        return amount

    held = total(_resident_bytes)
    return held if held <= limit else total(_proportional_bytes) or held
