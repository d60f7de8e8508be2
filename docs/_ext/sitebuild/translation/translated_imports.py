"""What a script imports from other sections in the language of the site: their catalogues translate its comments."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.locale import _

from sitebuild.definitions.joined_names import Piece
from sitebuild.translation.page_catalogue import catalogue_of
from sitebuild.translation.source_comments import CommentTranslationError, translate_comments


class TranslatedImports:
    """Statements of the sections of a chapter, with translated comments.

    Parameters
    ----------
    app : Sphinx
        All pages have been read: it knows their titles.
    chapter : str
        Folder of the pages, such as "field_guide".
    """

    def __init__(self, app: Sphinx, chapter: str) -> None:
        self._app, self._chapter = app, chapter

    def page_of(self, section: str) -> str:
        """Name of the page of a section."""
        return f"{self._chapter}/{section}"

    def title_of(self, section: str) -> str:
        """Title of a section; its name if its page is not read, as when only a part of the site is built."""
        titles, page = self._app.env.titles, self.page_of(section)
        return " ".join(titles[page].astext().split()) if page in titles else section

    def head(self, section: str) -> str:
        """The comment above what comes from a section."""
        return "# " + _("From the section “{section}”:").format(section=self.title_of(section))

    def text_of(self, piece: Piece) -> str:
        """The lines of a statement.

        Raises
        ------
        CommentTranslationError
            If a translation cannot stand as a comment; it names the section.
        """
        try:
            return translate_comments(piece.text, catalogue_of(self._app, self.page_of(piece.section)))
        except CommentTranslationError as error:
            raise CommentTranslationError(f"in what it imports from {piece.section}: {error}") from error
