"""Brings catalogues up to date with the messages of a build."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from sphinx_intl.basic import update

from sitebuild.examples.new_script import PLACEHOLDERS
from sitebuild.translation import interface_messages
from sitebuild.translation.catalogues import INTERFACE, catalogue_folder

# The same for every catalogue, and without dates: a refresh that finds nothing new changes nothing.
HEADER = """\
# Translations of Extending PyTorch.
msgid ""
msgstr ""
"Project-Id-Version: Extending PyTorch\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def read(path: Path) -> Catalog:
    """Read a catalogue; one that does not exist is empty."""
    return read_po(io.BytesIO(path.read_bytes())) if path.exists() else Catalog()


def write(catalogue: Catalog, path: Path, language: str) -> None:
    """Write a catalogue with our header, one line per string; forget what is gone and was never translated."""
    catalogue.obsolete = {key: message for key, message in catalogue.obsolete.items() if message.string}
    body = io.BytesIO()
    write_po(body, catalogue, omit_header=True, width=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER.format(language=language) + body.getvalue().decode(), encoding="utf-8")


def refresh_interface(root: Path, language: str) -> None:
    """Add the interface's new phrases to its catalogue, and drop those that are gone."""
    path = catalogue_folder(root, language) / f"{INTERFACE}.po"
    known = {message.id: message.string for message in read(path) if message.id}
    refreshed = Catalog()
    for text in sorted(interface_messages.collect(root, language)):
        refreshed.add(text, known.get(text, ""))
    write(refreshed, path, language)


def refresh(root: Path, templates: Path, language: str) -> list[str]:
    """Bring all catalogues of ``language`` up to date.

    Parameters
    ----------
    root : Path
        Root of the project.
    templates : Path
        Folder with the messages of all pages, as Sphinx's builder "gettext" writes them.
    language : str
        Code such as "zh_CN".

    Returns
    -------
    list of str
        What has changed, one line for each catalogue.
    """
    with contextlib.redirect_stdout(io.StringIO()) as told:
        update(str(root / "docs/locale"), str(templates), [language], line_width=-1)
    for path in sorted(catalogue_folder(root, language).rglob("*.po")):
        catalogue = read(path)
        for sentence in PLACEHOLDERS:
            catalogue.delete(sentence)
        write(catalogue, path, language)
    refresh_interface(root, language)
    return [line for line in told.getvalue().splitlines() if not line.startswith("Not Changed")]
