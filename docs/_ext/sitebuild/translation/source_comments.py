"""Comments in example code: where they stand, and how to replace them.

A message is a run of comment lines of equal indentation with nothing but them on
their lines, or one comment behind code. Its text is the lines without ``#``,
joined by newlines: a translation decides for itself where it breaks.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass

from sitebuild.examples.forbidden_characters import find_forbidden

# With these words a comment divides a script into cells, or gives orders to Sphinx-Gallery.
_SETTING = re.compile(r"\s*sphinx_gallery_")
_ORDER = re.compile(rf" ?%%|{_SETTING.pattern}")


@dataclass(frozen=True)
class Comment:
    """One message in the code.

    Attributes
    ----------
    first, last : int
        Its lines, counted from 0.
    column : int
        Where "#" stands on each of them.
    text : str
        The message: lines without "# ", joined by newlines.
    trailing : bool
        Whether code stands before it on its line.
    """

    first: int
    last: int
    column: int
    text: str
    trailing: bool


class CommentTranslationError(ValueError):
    """A translation would not be a comment any more, or would change the code."""


def _strip_mark(comment: str) -> str:
    return comment.removeprefix("#").removeprefix(" ").rstrip()


def find_comments(code: str) -> list[Comment]:
    """All comment messages of ``code``, in order.

    ``code`` may be any run of complete lines that Python can tokenize.
    """
    found: list[Comment] = []
    lines = code.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type != tokenize.COMMENT:
            continue
        if _SETTING.match(token.string[1:]):
            continue  # nothing to read, and no part of the comments beside it
        row, column = token.start[0] - 1, token.start[1]
        trailing = bool(lines[row][:column].strip())
        text = _strip_mark(token.string)
        previous = found[-1] if found else None
        continues = (
            previous is not None
            and not trailing
            and not previous.trailing
            and (previous.last, previous.column) == (row - 1, column)
        )
        if continues:
            assert previous is not None
            found[-1] = Comment(previous.first, row, column, f"{previous.text}\n{text}", False)
        else:
            found.append(Comment(row, row, column, text, trailing))
    return [comment for comment in found if comment.text.strip()]


def _check_translation(comment: Comment, translation: str) -> None:
    if character := find_forbidden(translation):
        raise CommentTranslationError(f"control character {character} in the translation of {comment.text!r}")
    if any(map(_ORDER.match, translation.split("\n"))):
        raise CommentTranslationError(
            f"a line in the translation of {comment.text!r} begins with what Sphinx-Gallery takes for an order"
        )
    if comment.trailing and "\n" in translation:
        raise CommentTranslationError(
            f"the comment {comment.text!r} stands behind code: its translation must be one line"
        )


def translate_comments(code: str, translations: dict[str, str]) -> str:
    """Put translations in the place of comments, and leave every other byte alone.

    Parameters
    ----------
    code : str
        Python source that can be parsed by itself.
    translations : dict of str to str
        Translation of each message; messages without one stay.

    Returns
    -------
    str
        Source whose syntax tree equals that of ``code``.

    Raises
    ------
    CommentTranslationError
        If a translation cannot stand as a comment in its place.
    """
    lines = code.split("\n")
    for comment in reversed(find_comments(code)):
        translation = translations.get(comment.text, "")
        if not translation.strip():
            continue
        _check_translation(comment, translation)
        before = lines[comment.first][: comment.column]
        # Only a comment with nothing before it but its indentation may have several lines.
        lines[comment.first : comment.last + 1] = [
            before + f"# {line}".rstrip() for line in translation.split("\n")
        ]
    translated = "\n".join(lines)
    if ast.dump(ast.parse(translated)) != ast.dump(ast.parse(code)):
        raise CommentTranslationError("the translated comments change the code")
    return translated
