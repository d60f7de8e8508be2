"""Results of the kind "check": gradient checks, vmap, torch.compile and opcheck, and trials of what was not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive that shows the checks of a code block."""
    app.setup_extension("sitebuild.checks.directive")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
