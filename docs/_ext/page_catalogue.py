"""The finished translations of a page, for what Sphinx does not translate itself."""

from __future__ import annotations

from pathlib import Path

from babel.messages.pofile import read_po
from sphinx.application import Sphinx


def catalogue_of(app: Sphinx, page: str) -> dict[str, str]:
    """Translations of ``page`` in the language of this build.

    Parameters
    ----------
    app : Sphinx
    page : str
        Name of the page, such as "double_backward/saving_inputs".

    Returns
    -------
    dict of str to str
        By message; without those that are missing or fuzzy, and empty where there is no catalogue.
    """
    path = Path(app.srcdir) / "locale" / app.config.language / "LC_MESSAGES" / f"{page}.po"
    if not path.exists():
        return {}
    with open(path, "rb") as stream:
        messages = list(read_po(stream))
    return {str(m.id): str(m.string) for m in messages if m.id and m.string and not m.fuzzy}
