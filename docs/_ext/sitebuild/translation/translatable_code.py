"""Example code as Sphinx's catalogues see it: its comments are messages, the code is not."""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes

from sitebuild.translation.source_comments import find_comments


class translatable_code(nodes.literal_block, addnodes.translatable):  # type: ignore[misc]
    """A code block that hands out its comments when catalogues are written.

    It stands in a module of its own because Sphinx pickles documents with their nodes. Its comments
    are put in by :class:`~sitebuild.translation.code_comments.TranslateComments` and not by Sphinx, which would read a
    comment as reST and, where one message of a node equals its translation, leave out the others.
    """

    def remember_comments(self) -> None:
        """Keep the comments as they were written, before they are translated."""
        self["comments"] = [comment.text for comment in find_comments(self.astext())]

    def extract_original_messages(self) -> list[str]:
        """The comments as they were written."""
        return list(self["comments"])

    def replace_code(self, code: str) -> None:
        """Show ``code`` instead."""
        self.rawsource = code
        self.children = []
        self.append(nodes.Text(code))
