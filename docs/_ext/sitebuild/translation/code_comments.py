"""Translates the comments of the code on a page, and offers them to the writer of catalogues."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from sitebuild.examples.gallery import is_example
from sitebuild.translation.page_catalogue import catalogue_of
from sitebuild.translation.source_comments import CommentTranslationError, translate_comments
from sitebuild.translation.translatable_code import translatable_code

logger = logging.getLogger(__name__)
# Sphinx-Gallery writes "Python", with a capital letter; hand-written blocks say "python".
GALLERY_LANGUAGE = "Python"


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
    """Register the transform."""
    app.add_transform(TranslateComments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
