"""Results of the kind "time": output that cannot repeat, because the example read a clock.

There is no record beside the page: that a clock was read is said on the page itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive that marks such output."""
    app.setup_extension("sitebuild.times.directive")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
