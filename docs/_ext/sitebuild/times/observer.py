"""Notices when an example reads a clock.

What it prints then cannot repeat, and the page says so. Other examples would disturb what it measures,
so it runs alone.
"""

from __future__ import annotations

import ast
import functools
import sys
import time
from collections.abc import Callable
from typing import Any

from sitebuild.examples.observer import Observer, ScriptResults
from sitebuild.examples.running_script import is_example

CLOCKS = ("perf_counter", "perf_counter_ns", "monotonic", "process_time", "time")

_readings = 0


def mentions_clock(source: str) -> bool:
    """Whether the text of a script takes a clock from the module ``time``."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:  # the run of the script tells more about it
        return False
    imported = [
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == time.__name__
        for alias in node.names
    ]
    attributes = [
        node.attr for node in nodes if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == time.__name__
    ]
    return not set(CLOCKS).isdisjoint(imported + attributes)


def _observed(clock: Callable[[], float]) -> Callable[[], float]:
    @functools.wraps(clock)
    def observed() -> float:
        global _readings
        if is_example(sys._getframe(1)):
            _readings += 1
        return clock()

    return observed


def start() -> None:
    """Observe the clocks from now on and forget earlier readings."""
    take()
    for name in CLOCKS:
        clock = getattr(time, name)
        if not hasattr(clock, "__wrapped__"):
            setattr(time, name, _observed(clock))


def take() -> bool:
    """Whether a clock was read since the last call."""
    global _readings
    read, _readings = _readings > 0, 0
    return read


class ResultObserver(Observer):
    """Marks what a code block prints if it reads a clock."""

    written_by = ("observer.py",)

    def start(self) -> None:
        """Observe the clocks."""
        start()

    def take(self, results: ScriptResults, block: int, block_vars: dict[str, Any]) -> list[str]:
        """Say that the output of the block, which Sphinx-Gallery puts next, was measured."""
        return [".. measured-output::"] if take() else []

    def runs_alone(self, source: str) -> bool:
        """Whether the script mentions a clock."""
        return mentions_clock(source)
