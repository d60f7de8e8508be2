"""Judges whether a language is translated completely.

Compares the messages of this build (templates written by Sphinx's gettext builder, and
the phrases of the interface) with the catalogues in ``docs/locale``.
"""

from __future__ import annotations

import re
from pathlib import Path

import interface_messages
from babel.messages import Catalog
from babel.messages.pofile import PoFileError, read_po

INTERFACE = "sphinx"
_LINE = re.compile(r'\s*(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+)?"(?:[^"\\]|\\.)*"\s*)?')


def catalogue_folder(root: Path, language: str) -> Path:
    """Where the catalogues of ``language`` lie."""
    return root / "docs" / "locale" / language / "LC_MESSAGES"


def _read(path: Path, root: Path) -> Catalog:
    """Read a catalogue.

    Raises
    ------
    ValueError
        If it is malformed; the message names file and line.
    """
    try:
        # Babel takes an unfinished string for a finished one.
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not _LINE.fullmatch(line):
                raise ValueError(f"{path.relative_to(root)}:{number}: is no line of a catalogue: {line.strip()}")
        with open(path, "rb") as stream:
            return read_po(stream, abort_invalid=True)
    except PoFileError as error:
        raise ValueError(f"{path.relative_to(root)}:{error.lineno + 1}: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.relative_to(root)}: is not UTF-8: {error}") from error


def source_of(domain: str, root: Path) -> str:
    """The file in which a translator finds the messages of ``domain``."""
    for candidate in (f"gallery/{domain}.py", f"gallery/{domain}.rst", f"docs/{domain}.rst"):
        if (root / candidate).exists():
            return candidate
    return "the templates and extensions of docs/"


def _shorten(message: str) -> str:
    line = " ".join(message.split())
    return repr(line if len(line) <= 60 else line[:57] + "...")


def compare(wanted: set[str], catalogue: Catalog, name: str, source: str) -> list[str]:
    """What is missing, fuzzy or obsolete in one catalogue, one line each."""
    problems = []
    present = {message.id: message for message in catalogue if message.id}
    for text in sorted(wanted):
        message = present.get(text)
        if message is None or not str(message.string).strip():
            problems.append(f"{name}: missing: {_shorten(text)} of {source}")
        elif message.fuzzy:
            problems.append(f"{name}: fuzzy: {_shorten(text)} of {source}")
    gone = [text for text in present if text not in wanted]
    gone += [message.id for message in catalogue.obsolete.values()]
    problems += [f"{name}: obsolete: {_shorten(str(text))}, not in {source} any more" for text in gone]
    return problems


def interface_problems(root: Path, language: str) -> list[str]:
    """Problems of the interface's catalogue."""
    path = catalogue_folder(root, language) / f"{INTERFACE}.po"
    catalogue = _read(path, root) if path.exists() else Catalog()
    wanted = interface_messages.collect(root, language)
    return compare(wanted, catalogue, str(path.relative_to(root)), source_of(INTERFACE, root))


def find_problems(root: Path, language: str) -> list[str]:
    """Everything that is not finished in ``language``, one line each, naming catalogue and source."""
    templates, folder = root / "build/stages/gettext", catalogue_folder(root, language)
    domains = {path.relative_to(templates).with_suffix("").as_posix() for path in templates.rglob("*.pot")}
    domains.discard(INTERFACE)
    problems: list[str] = []
    try:
        for domain in sorted(domains):
            wanted = {str(message.id) for message in _read(templates / f"{domain}.pot", root) if message.id}
            path = folder / f"{domain}.po"
            catalogue = _read(path, root) if path.exists() else Catalog()
            problems += compare(wanted, catalogue, str(path.relative_to(root)), source_of(domain, root))
        for path in sorted(folder.rglob("*.po")):
            domain = path.relative_to(folder).with_suffix("").as_posix()
            if domain not in domains and domain != INTERFACE:
                problems.append(f"{path.relative_to(root)}: belongs to no page any more")
        problems += interface_problems(root, language)
    except ValueError as error:
        problems.append(str(error))
    return problems
