"""Takes off the page of an example what Sphinx-Gallery adds to it.

That furniture (download notes, timings, signature) is English, differs from run to run or is put
elsewhere on our pages.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from sitebuild.examples.gallery import is_example

FURNITURE = {
    "sphx-glr-download-link-note",
    "sphx-glr-footer",
    "sphx-glr-timing",
    "sphx-glr-signature",
}


class RemoveFurniture(SphinxTransform):
    """Take out what Sphinx-Gallery adds around an example."""

    default_priority = 5  # before Sphinx looks for messages (10)

    def apply(self, **kwargs: Any) -> None:
        """Remove marked elements, then the ``only`` blocks that they leave empty."""
        if not is_example(self.app, self.env.docname):
            return
        for element in list(self.document.findall(nodes.Element)):
            if FURNITURE & set(element.get("classes", [])) and element.parent is not None:
                element.parent.remove(element)
        for block in list(self.document.findall(addnodes.only)):
            if not any(isinstance(child, nodes.Element) for child in block.children):
                block.parent.remove(block)
        # The label in front of the download links now stands before nothing.
        for target in list(self.document.findall(nodes.target)):
            if any(name.startswith("sphx_glr_download_") for name in target.get("names", [])):
                target.parent.remove(target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(RemoveFurniture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
