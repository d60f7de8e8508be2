"""A script that runs by itself: what it imports from other sections stands in the place of the imports."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from itertools import groupby

from sitebuild.definitions.imported import Imported
from sitebuild.definitions.joined_names import Piece

# Gives for the name of a section the comment above what comes from there; "" for none.
Head = Callable[[str], str]
# Gives the lines of a statement, such as with translated comments.
TextOf = Callable[[Piece], str]


def as_written(piece: Piece) -> str:
    """The lines of a statement in its script."""
    return piece.text


def _gap(before: Piece, after: Piece) -> int:
    """Empty lines between two statements of a section."""
    if before.statement.is_block or after.statement.is_block:
        return 2
    return 0 if before.statement.last + 1 == after.statement.first else 1


def _section_text(pieces: list[Piece], text_of: TextOf) -> str:
    text = text_of(pieces[0])
    for before, after in zip(pieces, pieces[1:]):
        text += "\n" * (_gap(before, after) + 1) + text_of(after)
    return text


def imported_text(imported: Imported, head: Head, text_of: TextOf = as_written) -> str:
    """What an import brings, as it would be written: imports first, then section after section."""
    parts = ["\n".join(piece.text for piece in imported.pieces if piece.statement.is_import)]
    blocks = [piece for piece in imported.pieces if not piece.statement.is_import]
    for section, pieces in groupby(blocks, key=lambda piece: piece.section):
        run = list(pieces)
        comment = head(section)
        # Apart from what follows, whose own comment it would become.
        comment += ("\n\n\n" if run[0].statement.is_block else "\n\n") if comment else ""
        parts.append(comment + _section_text(run, text_of))
    return "\n\n\n".join(filter(None, parts))


def complete(source: str, imports: Sequence[Imported], head: Head, text_of: TextOf = as_written) -> str:
    """The text of a script with definitions in the place of its imports from other sections.

    Parameters
    ----------
    source : str
        The script, in any language.
    imports : sequence of Imported
        What it imports.
    head : callable
        Gives the comment that says from which section the lines below it come.
    text_of : callable
        Gives the lines of a statement, in the language of ``source``.
    """
    lines = source.split("\n")
    sections = {each.by.section for each in imports}
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom) and node.module in sections]
    for node, imported in reversed(list(zip(nodes, imports, strict=True))):
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        text = imported_text(imported, head, text_of)
        starts_with_import = any(piece.statement.is_import for piece in imported.pieces)
        before = [] if starts_with_import or not text or not first or not lines[first - 1] else [""]
        following = next((index for index, line in enumerate(lines[last:]) if line.strip()), None)
        after = [""] * max(0, 2 - following) if text and following is not None else []
        lines[first:last] = [*before, *(text.split("\n") if text else ()), *after]
    return "\n".join(lines)
