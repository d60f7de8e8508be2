"""Draws stored graphs once: every language, and every later build, takes the same drawing."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from sitebuild.examples.result_file import script_behind
from sitebuild.graphs import record, svg


def draw_cached(path: Path, cache: Path) -> str:
    """Draw the graph in a file, or take the drawing of an earlier build.

    Parameters
    ----------
    path : Path
        File of the graph, beside the page of its script.
    cache : Path
        Folder of finished drawings.

    Raises
    ------
    ExtensionError
        If it cannot be drawn; the message names the script.
    """
    graph = record.load(path)
    writer = Path(svg.__file__).read_text(encoding="utf-8")
    recipe = "\n".join([svg.graphviz_version(), writer, repr(graph)])
    drawn = cache / f"{_hash(recipe)}.svg"
    with suppress(OSError, ValueError):  # not there yet, or damaged
        checksum, _newline, drawing = drawn.read_text(encoding="utf-8").partition("\n")
        if checksum == _hash(drawing):
            return drawing
    try:
        drawing = svg.draw(graph, record.unique_names(graph))
    except svg.GraphvizError as error:
        raise ExtensionError(f"{script_behind(path)}: graph {path.name} was not drawn: {error}") from error
    cache.mkdir(parents=True, exist_ok=True)
    drawn.write_text(f"{_hash(drawing)}\n{drawing}", encoding="utf-8")
    return drawing


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def drawing_cache(app: Sphinx) -> Path:
    """Folder of finished drawings, shared by all languages."""
    return Path(app.doctreedir).parent / "graphs"
