"""Takes off a page Sphinx-Gallery's own links to downloads, which are English: ours stand elsewhere, in every language."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from sitebuild.examples.gallery import is_chapter, is_example
from sitebuild.examples.gallery_page import DOWNLOADS, take_out


class RemoveGalleryLinks(SphinxTransform):
    """Take out the links, and what leads to them."""

    default_priority = 5  # before Sphinx looks for messages (10)

    def apply(self, **kwargs: Any) -> None:
        """Remove marked elements, and the label in front of them, which now stands before nothing."""
        if not (is_example(self.app, self.env.docname) or is_chapter(self.app, self.env.docname)):
            return
        take_out(self.document, DOWNLOADS)
        for target in list(self.document.findall(nodes.target)):
            if any(name.startswith("sphx_glr_download_") for name in target.get("names", [])):
                target.parent.remove(target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(RemoveGalleryLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
