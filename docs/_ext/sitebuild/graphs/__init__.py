"""Results of the kind "graph": what torchviz drew, as data, as a picture and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives that show a graph, and the legend."""
    app.setup_extension("sitebuild.graphs.directive")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
