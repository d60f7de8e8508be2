"""Keeps Sphinx-Gallery from importing Matplotlib, which takes a third of the time to start; scripts that draw do it themselves."""

from __future__ import annotations

import sys
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def hide_matplotlib(_app: Sphinx, _config: Config) -> None:
    """Before Sphinx-Gallery reads its settings, and imports Matplotlib if it is installed: let it not be."""
    sys.modules.setdefault("matplotlib", None)  # type: ignore[arg-type]  # an import raises ImportError


def show_matplotlib(_app: Sphinx, _config: Config) -> None:
    """After Sphinx-Gallery has read its settings: whoever needs Matplotlib finds it."""
    if "matplotlib" in sys.modules and sys.modules["matplotlib"] is None:
        del sys.modules["matplotlib"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to both sides of Sphinx-Gallery's listener, whose priority is 10."""
    app.connect("config-inited", hide_matplotlib, priority=9)
    app.connect("config-inited", show_matplotlib, priority=11)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
