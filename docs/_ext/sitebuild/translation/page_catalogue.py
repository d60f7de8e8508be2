"""The finished translations of a page, for what Sphinx does not translate itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages import Message
from babel.messages.pofile import read_po
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


@cache
def read_messages(path: Path) -> tuple[Message, ...]:
    """Messages of a catalogue; none if it does not exist.

    Raises
    ------
    ExtensionError
        If it is not in the encoding that its header names.
    """
    if not path.exists():
        return ()
    try:
        with open(path, "rb") as stream:
            # Nobody asks for a message in a context.
            return tuple(message for message in read_po(stream) if message.id and not message.context)
    except (UnicodeDecodeError, LookupError) as error:
        raise ExtensionError(
            f"{path}: is not in the encoding that its header names ({error}); save it as UTF-8"
        ) from error


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
        By message; without those that are missing or fuzzy, and empty where there is no catalogue. What several of
        ``locale_dirs`` hold is taken from the first of them, as Sphinx does it.
    """
    found: dict[str, str] = {}
    for folder in reversed(app.config.locale_dirs):
        path = Path(app.srcdir) / folder / app.config.language / "LC_MESSAGES" / f"{page}.po"
        found |= {str(m.id): str(m.string) for m in read_messages(path) if m.string and not m.fuzzy}
    return found
