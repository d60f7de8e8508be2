"""Brings the words of the links in other languages; those that a project has in a ``sphinx.po`` of its own come first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sphinx.application import Sphinx

CATALOGUE = "sphinx"  # the one in which Sphinx looks for phrases
FOLDER = Path(__file__).parent / "locale"


def catalogue_path(folder: Path, language: str) -> Path:
    """Where the catalogue of ``language`` lies, without suffix."""
    return folder / language / "LC_MESSAGES" / CATALOGUE


def add_phrases(app: Sphinx) -> None:
    """After Sphinx has read the catalogues of the project: add ours behind them."""
    source = catalogue_path(FOLDER, app.config.language).with_suffix(".po")
    if not source.exists():
        return
    folder = Path(app.doctreedir) / "phrases"
    compiled = catalogue_path(folder, app.config.language).with_suffix(".mo")
    compiled.parent.mkdir(parents=True, exist_ok=True)
    with open(source, "rb") as messages, open(compiled, "wb") as stream:
        write_mo(stream, read_po(messages))
    app.add_message_catalog(CATALOGUE, str(folder))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the end of the settings."""
    app.connect("builder-inited", add_phrases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
