"""Example code as Sphinx's catalogues see it: its comments are messages, the code is not."""

from __future__ import annotations

from docutils import nodes
from source_comments import CommentTranslationError, find_comments, translate_comments
from sphinx import addnodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


class translatable_code(nodes.literal_block, addnodes.translatable):  # type: ignore[misc]
    """A code block that offers its comments for translation.

    It stands in a module of its own because Sphinx pickles documents with their nodes.
    """

    def preserve_original_messages(self) -> None:
        """Remember the comments: they are looked up after some may have been replaced."""
        if "comments" not in self:
            self["comments"] = [comment.text for comment in find_comments(self.astext())]

    def extract_original_messages(self) -> list[str]:
        """The comments as they were written."""
        return list(self["comments"])

    def apply_translated_message(self, original_message: str, translated_message: str) -> None:
        """Replace each comment that reads ``original_message``."""
        try:
            code = translate_comments(self.astext(), {original_message: translated_message})
        except CommentTranslationError as error:
            logger.warning("%s", error, location=self, type="translation", subtype="comment")
            return
        self.rawsource = code
        self.children = []
        self.append(nodes.Text(code))
