"""Lets Python look for unused memory less often: a build makes many objects and keeps most of them to its end.

With Python's own setting, each 700 new objects are a reason to look, and that took two fifths of the time of a build.
"""

from __future__ import annotations

import gc
from typing import Any

from sphinx.application import Sphinx

NEW_OBJECTS = 50_000  # about as many as ten pages leave behind


def look_less_often(*_event: Any) -> None:
    """Set how many new objects are a reason to look."""
    gc.set_threshold(NEW_OBJECTS)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the beginning of reading. Examples have run by then: what they measure depends on Python's own setting."""
    app.connect("env-before-read-docs", look_less_often)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
