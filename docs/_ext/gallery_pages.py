"""Turns the page that Sphinx-Gallery lays out into ours.

Its own furniture (download notes, timings, signature) is English, differs from run
to run or is put elsewhere on our pages, so it is taken out of the document. Code
cells become translatable where their comments are.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from page_catalogue import catalogue_of
from source_comments import CommentTranslationError, translate_comments
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from translatable_code import translatable_code

logger = logging.getLogger(__name__)

FURNITURE = {
    "sphx-glr-download-link-note",
    "sphx-glr-footer",
    "sphx-glr-timing",
    "sphx-glr-signature",
}
# Sphinx-Gallery writes "Python", with a capital letter; hand-written blocks say "python".
GALLERY_LANGUAGE = "Python"


def is_example(app: Sphinx, docname: str) -> bool:
    """Whether ``docname`` is the page of a script rather than one written by hand."""
    folder, _, name = docname.rpartition("/")
    return folder in app.config.sphinx_gallery_conf["gallery_dirs"] and name != "index"


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


class TranslateComments(SphinxTransform):
    """Translate the comments of example code, and offer them to the writer of catalogues."""

    default_priority = 21  # Sphinx has translated the prose (20)

    def apply(self, **kwargs: Any) -> None:
        """Replace code cells by nodes that know their comments."""
        if not is_example(self.app, self.env.docname):
            return
        translations = catalogue_of(self.app, self.env.docname)
        for block in list(self.document.findall(nodes.literal_block)):
            if block.get("language") != GALLERY_LANGUAGE:
                continue
            code = translatable_code(block.rawsource, *block.children, **block.attributes)
            code.source, code.line = block.source, block.line
            code.remember_comments()
            block.replace_self(code)
            try:
                code.replace_code(translate_comments(code.astext(), translations))
            except CommentTranslationError as error:
                logger.warning("%s", error, location=code, type="translation", subtype="comment")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transforms."""
    app.add_transform(RemoveFurniture)
    app.add_transform(TranslateComments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
