"""Notices when an example reads a clock.

What it prints then cannot repeat, and the page says so (see measured_output).
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable

CLOCKS = ("perf_counter", "perf_counter_ns", "monotonic", "process_time", "time")
# Sphinx-Gallery runs the code of an example under this name.
EXAMPLE = "__main__"

_readings = 0


def _observer(clock: Callable[[], float]) -> Callable[[], float]:
    @functools.wraps(clock)
    def observed() -> float:
        global _readings
        if sys._getframe(1).f_globals.get("__name__") == EXAMPLE:
            _readings += 1
        return clock()

    return observed


def start() -> None:
    """Observe the clocks from now on and forget earlier readings."""
    take()
    for name in CLOCKS:
        clock = getattr(time, name)
        if not hasattr(clock, "__wrapped__"):
            setattr(time, name, _observer(clock))


def take() -> bool:
    """Whether a clock was read since the last call."""
    global _readings
    read, _readings = _readings > 0, 0
    return read
