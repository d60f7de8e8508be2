"""Scripts and notebooks in the language of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx

MODULES = (
    "gallery_links",
    "links",
    "files",
    "phrases",
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register links and files."""
    for module in MODULES:
        app.setup_extension(f"{__name__}.{module}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
