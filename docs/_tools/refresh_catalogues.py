"""``make gettext``: brings the catalogues of some languages up to date with the sources."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import interface_messages
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from build_site import WORK, BuildError, sphinx
from catalogues import INTERFACE, catalogue_folder
from sphinx_intl.basic import update


def refresh_interface(root: Path, language: str) -> None:
    """Add the interface's new phrases to its catalogue, and drop those that are gone."""
    path = catalogue_folder(root, language) / f"{INTERFACE}.po"
    old = read_po(io.BytesIO(path.read_bytes())) if path.exists() else Catalog()
    known = {message.id: message.string for message in old if message.id}
    new = Catalog(locale=language, project="Extending PyTorch", fuzzy=False)
    # Without dates a refresh that finds nothing new changes nothing.
    new.mime_headers = [header for header in new.mime_headers if "Date" not in header[0]]
    for text in sorted(interface_messages.collect(root, language)):
        new.add(text, known.get(text, ""))
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as stream:
        write_po(stream, new, omit_header=False, width=0)


def main(languages: list[str]) -> int:
    """Refresh the catalogues of ``languages``; return the exit status."""
    root = Path.cwd()
    templates = root / WORK / "gettext"
    try:
        sphinx(root, "gettext", "en", ["en"], templates, [])
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    (templates / f"{INTERFACE}.pot").unlink(missing_ok=True)  # has a catalogue of its own, see above
    for language in languages:
        update(str(root / "docs/locale"), str(templates), [language], line_width=-1)
        refresh_interface(root, language)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
