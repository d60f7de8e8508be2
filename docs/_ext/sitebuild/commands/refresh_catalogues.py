"""``make gettext``: brings the catalogues of some languages up to date with the sources."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from sphinx_intl.basic import update

from sitebuild.commands.build_site import only_build
from sitebuild.commands.sphinx_build import WORK, SphinxBuild, sphinx
from sitebuild.examples.build_error import exit_status
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


def main(languages: list[str]) -> None:
    """Refresh the catalogues of ``languages``."""
    root = Path.cwd()
    templates = root / WORK / "gettext"
    with only_build(root):
        sphinx(root, SphinxBuild("gettext", "en", templates), ["en"], [])
    (templates / f"{INTERFACE}.pot").unlink(missing_ok=True)  # has a catalogue of its own, see above
    for language in languages:
        with contextlib.redirect_stdout(io.StringIO()) as told:
            update(str(root / "docs/locale"), str(templates), [language], line_width=-1)
        print(*(line for line in told.getvalue().splitlines() if not line.startswith("Not Changed")), sep="\n")
        for path in sorted(catalogue_folder(root, language).rglob("*.po")):
            write(read(path), path, language)
        refresh_interface(root, language)


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
