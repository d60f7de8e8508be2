"""Takes off the page of an example what Sphinx-Gallery says about the run: it is English, and differs from run to run."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from sitebuild.examples.gallery import is_example
from sitebuild.examples.gallery_page import ABOUT_RUN, take_out


class RemoveRun(SphinxTransform):
    """Take out times and signature."""

    default_priority = 5  # before Sphinx looks for messages (10)

    def apply(self, **kwargs: Any) -> None:
        """Remove marked elements."""
        if is_example(self.app, self.env.docname):
            take_out(self.document, ABOUT_RUN)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(RemoveRun)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
