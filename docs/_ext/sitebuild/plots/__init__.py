"""Results of the kind "plot": figures of Matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive that shows a plot."""
    app.setup_extension("sitebuild.plots.directive")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
