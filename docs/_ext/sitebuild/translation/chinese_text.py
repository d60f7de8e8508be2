"""Reading rules for languages that do not put spaces between words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docutils.parsers.rst.states import RSTState
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

LANGUAGES_WITHOUT_SPACES = ("zh", "ja", "th")


class MarkupBetweenCharacters(SphinxTransform):
    """Let inline markup of translations begin and end beside any character, so that no space is forced around it.

    The text of the source has been read by now, by the rules of English: there a name such as
    ``requires_grad`` is no link that ends with its underscore.
    """

    default_priority = 19  # of translations, which are read next: 20

    def apply(self, **_options: Any) -> None:
        """Set the rule for what is still to be read of this page."""
        if self.config.language.startswith(LANGUAGES_WITHOUT_SPACES):
            self.document.settings.character_level_inline_markup = True


@contextmanager
def in_words_of(language: str, state: RSTState) -> Iterator[None]:
    """For the time of a ``with`` statement, let a directive read text that is written in ``language`` already."""
    settings = state.document.settings
    settings.character_level_inline_markup = language.startswith(LANGUAGES_WITHOUT_SPACES)
    state.inliner.init_customizations(settings)
    try:
        yield
    finally:
        settings.character_level_inline_markup = False
        state.inliner.init_customizations(settings)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(MarkupBetweenCharacters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
