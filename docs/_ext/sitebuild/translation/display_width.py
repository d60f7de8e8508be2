"""Text measured in columns: a Han character takes two."""

from __future__ import annotations

import re
import unicodedata

# What is never broken: inline markup with its content, Latin words, one wide character with the
# punctuation behind it.
_PIECE = re.compile(
    r":[\w:]+:`[^`]*`|``[^`]*(?:`[^`]+)*``|`[^`]*`_{0,2}|(?<!\*)\*{1,2}(?!\*)[^*]+\*{1,2}|[^\s\u2e80-\uffef`*]+|[\u2e80-\uffef]|\s+|."
)
_NOT_AT_START = "，。；：、！？）》」』”’…,.;:!?)"


def display_width(text: str) -> int:
    """Columns that ``text`` takes in a monospaced font."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _pieces(text: str) -> list[str]:
    """Parts between which a line may be broken; joined they are ``text``."""
    pieces: list[str] = []
    for piece in _PIECE.findall(" ".join(text.split())):
        if pieces and (piece[0] in _NOT_AT_START or pieces[-1][-1] in "（《「『“‘("):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def wrap(text: str, width: int) -> list[str]:
    """Break ``text`` into lines of at most ``width`` columns, where it can be broken.

    Inline markup stays on one line, and no line begins with closing punctuation.
    """
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and display_width(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines if line.strip()] or [""]
