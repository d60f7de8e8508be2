"""What stands around the text of a page, and what is published: frame, formulas, cards, policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx

MODULES = (
    "text_language",
    "trusted_markup",
    "gallery_pages",
    "quoted_titles",
    "short_code",
    "highlighted_code",
    "imported_code",
    "page_cards",
    "page_results",
    "error_search",
    "formulas",
    "math_font",
    "page_metadata",
    "social_cards",
    "page_frame",
    "navigation",
    "study_route",
    "repository_links",
    "bundled_assets",
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the modules that work on pages."""
    for module in MODULES:
        app.setup_extension(f"{__name__}.{module}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
