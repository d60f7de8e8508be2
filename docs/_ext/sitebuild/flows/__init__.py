"""Results of the kind "flow": how gradients went through a drawn graph, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive that shows the steps."""
    app.setup_extension("sitebuild.flows.directive")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
