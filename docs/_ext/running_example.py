"""What observers know about the script that runs in this process."""

from __future__ import annotations

from types import FrameType

# Sphinx-Gallery runs the code of an example under this name.
EXAMPLE = "__main__"
# Files of other sections that the script has imported definitions from.
imported_from: set[str] = set()
# What it has imported from there, with all that this needs.
imported: list[object] = []


def is_example(frame: FrameType) -> bool:
    """Whether ``frame`` runs code of the example, be it its own or imported from another section."""
    return frame.f_globals.get("__name__") == EXAMPLE


def line_in_script(frame: FrameType) -> int:
    """The line of the script that runs ``frame``: its own, or, of an imported definition, that of the call."""
    inner = frame
    while frame.f_code.co_filename in imported_from or (frame is not inner and not is_example(frame)):
        if frame.f_back is None:
            return 0
        frame = frame.f_back
    return frame.f_lineno
