"""Reading rules for languages that do not put spaces between words."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

LANGUAGES_WITHOUT_SPACES = ("zh", "ja", "th")


def allow_markup_between_characters(app: Sphinx) -> None:
    """Let inline markup begin and end beside any character, so that no space is forced around it."""
    if app.config.language.startswith(LANGUAGES_WITHOUT_SPACES):
        app.env.settings["character_level_inline_markup"] = True


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the moment at which the reader's settings exist and nothing was read."""
    app.connect("builder-inited", allow_markup_between_characters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
