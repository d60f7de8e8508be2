"""What observers know about the script that runs in this process, and about what it has imported."""

from __future__ import annotations

from types import FrameType

# Sphinx-Gallery runs the code of an example under this name.
EXAMPLE = "__main__"
# Files of other sections from which the script has imported definitions.
imported_from: set[str] = set()
# These definitions, with all that they need.
imported: list[object] = []


def is_example(frame: FrameType) -> bool:
    """Whether ``frame`` runs code of the example: its own, or what it has imported from other sections."""
    return frame.f_globals.get("__name__") == EXAMPLE


def line_of(frame: FrameType) -> int:
    """The line at which the script is in ``frame``; of an imported definition, the line of the script that called it."""
    if frame.f_code.co_filename not in imported_from:
        return frame.f_lineno
    caller = frame.f_back
    while caller is not None and (not is_example(caller) or caller.f_code.co_filename in imported_from):
        caller = caller.f_back
    return caller.f_lineno if caller else 0
