"""What is translated, and how: prose by Sphinx, comments of code and whole scripts here; catalogues and their judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx

MODULES = (
    "chinese_text",
    "code_comments",
    "findable_text",
    "gallery_additions",
    "settings",
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the modules that work on pages."""
    for module in MODULES:
        app.setup_extension(f"{__name__}.{module}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
