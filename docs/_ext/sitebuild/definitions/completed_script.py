"""A script that runs by itself: what it imports from other sections stands in the place of the import."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from sitebuild.definitions.imported import Chapter, Imported
from sitebuild.definitions.joined_names import Piece

# Gives the comment that says from which section the lines below it come.
Head = Callable[[str], str]


def _gap(before: Piece, after: Piece) -> int:
    """Empty lines between two statements of a section."""
    if before.statement.is_block or after.statement.is_block:
        return 2
    return 0 if before.statement.last + 1 == after.statement.first else 1


def _section_text(pieces: list[Piece]) -> str:
    text = pieces[0].text
    for before, after in zip(pieces, pieces[1:]):
        text += "\n" * (_gap(before, after) + 1) + after.text
    return text


def imported_text(imported: Imported, head: Head | None = None) -> str:
    """What an import brings, as it would be written: imports first, then section after section.

    Parameters
    ----------
    imported : Imported
    head : callable or None
        Gives the comment above the definitions of a section; None for no such comment.
    """
    parts = ["\n".join(piece.text for piece in imported.pieces if piece.statement.is_import)]
    blocks = [piece for piece in imported.pieces if not piece.statement.is_import]
    for section, pieces in groupby(blocks, key=lambda piece: piece.section):
        run = list(pieces)
        comment = f"{head(section)}\n\n" + "\n" * run[0].statement.is_block if head else ""
        parts.append(comment + _section_text(run))
    return "\n\n\n".join(filter(None, parts))


def complete(chapter: Chapter, script: str, head: Head) -> str:
    """The text of a script with the definitions in the place of its imports from other sections.

    Parameters
    ----------
    chapter : Chapter
        The scripts of its chapter; if these are translated, so is what is put in.
    script : str
        Name of the script.
    head : callable
        Gives for the name of a section the comment that says where the lines below it come from.

    Raises
    ------
    DefinitionError
        If the script imports what it cannot.
    """
    lines = list(chapter.top(script).lines)
    for imported in reversed(chapter.imported(script)):
        node = imported.by.node
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        text = imported_text(imported, head)
        starts_with_import = any(piece.statement.is_import for piece in imported.pieces)
        before = [] if starts_with_import or not text or not first or not lines[first - 1] else [""]
        following = next((index for index, line in enumerate(lines[last:]) if line.strip()), 0)
        after = [""] * max(0, 2 - following) if any(line.strip() for line in lines[last:]) else []
        lines[first:last] = [*before, *text.split("\n"), *after] if text else []
    return "\n".join(lines)
