"""Which lines of reST belong together as one message: a title, a paragraph, an item of a list.

docutils says what the messages of a page are, but not in which columns they stand. So this reads lines once
more, with a few rules; :mod:`~sitebuild.translation.findable_text` sees to it that nothing escapes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sitebuild.translation.display_width import display_width

# What may stand before text on its line. Of the first kind, further lines begin below the text;
_LIST_MARK = re.compile(r"(?:[-*+•]|\(?(?:#|\d+|[A-Za-z]|[ivxlcdmIVXLCDM]+)[.)]|\||---?)(?: +|$)")
# of the second, they are indented somehow.
_EXPLICIT_MARK = re.compile(r"(?:\.\. (?:\[[^\]]+\]|[\w-]+::)|:(?![ :])[^:`]+(?<! ):)(?: +|$)")
_OPTION = re.compile(r"\s*:[\w-]+:(?: |$)")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*")
# Directives that hold no text, but what is indented below them.
_VERBATIM = re.compile(r"\.\. (?:code-block|code|sourcecode|highlight|math|raw|parsed-literal|image|doctest)::")


@dataclass(frozen=True)
class Run:
    """Lines that may be one message.

    Attributes
    ----------
    first, last : int
        The lines, from 0.
    prefix : str
        What stands before the text on the first of them: its indentation, and the mark of a list or a directive.
    hanging : str
        What stands before the text on further lines.
    over, under : bool
        Whether it is a title with an adornment above it, or below it.
    is_one_line : bool
        Whether its translation has to stay on a line.
    """

    first: int
    last: int
    prefix: str
    hanging: str
    over: bool = False
    under: bool = False
    is_one_line: bool = False

    def text(self, lines: list[str]) -> str:
        """The message, in one line."""
        texts = lines[self.first + self.over : self.last + 1 - self.under]
        return " ".join([texts[0][len(self.prefix) :], *(line.strip() for line in texts[1:])])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_adornment(line: str) -> bool:
    return bool(_ADORNMENT.fullmatch(line.rstrip()))


def _underlines(line: str, title: str) -> bool:
    """Whether ``line`` is the adornment of ``title``; docutils takes a short one for text."""
    return _is_adornment(line) and (len(line.rstrip()) >= min(4, display_width(title.rstrip())))


def _prefixes(line: str) -> list[str]:
    """What may stand before the text of a line, the longest first: a list may begin within a cell, or be none."""
    found = [line[: _indent(line)]]
    while match := _LIST_MARK.match(line, len(found[-1])) or _EXPLICIT_MARK.match(line, len(found[-1])):
        found.append(line[: match.end()])
    return [prefix for prefix in reversed(found) if line[len(prefix) :].strip()]


def _title(lines: list[str], first: int) -> Run | None:
    """The title that begins at a line, if one does."""
    following = [line.rstrip() for line in lines[first : first + 3]]
    if len(following) == 3 and _is_adornment(following[0]) and following[2] == following[0] and following[1].strip():
        return Run(first, first + 2, lines[first + 1][: _indent(following[1])], "", over=True, under=True, is_one_line=True)
    if len(following) > 1 and following[0] == following[0].lstrip() and _underlines(following[1], following[0]):
        return Run(first, first + 1, "", "", under=True, is_one_line=True)
    return None


def _last_line(lines: list[str], first: int, fits: re.Pattern[str]) -> int:
    """The last of the lines that follow ``first`` and begin as a paragraph of theirs goes on."""
    last = first
    while last + 1 < len(lines) and fits.match(lines[last + 1]) and not _OPTION.match(lines[last + 1]):
        last += 1
    return last


def _paragraph(lines: list[str], first: int, prefix: str) -> Run:
    """The run that begins at a line, if ``prefix`` is what stands before its text."""
    indent = " " * _indent(lines[first])
    mark = prefix.strip()
    following = lines[first + 1] if first + 1 < len(lines) else ""
    if _EXPLICIT_MARK.fullmatch(prefix.lstrip()):
        hanging = following[: _indent(following)] if following.strip() and _indent(following) > len(indent) else f"{indent}   "
    else:
        hanging = " " * len(prefix)
    last = _last_line(lines, first, re.compile(rf"{hanging}\S"))
    is_term = not mark and bool(following.strip()) and _indent(following) > len(indent)
    return Run(first, last, prefix, hanging, is_one_line=is_term or (last == first and mark.endswith("::")))


def find_runs(lines: list[str], is_message: Callable[[str], bool]) -> Iterator[Run]:
    """The runs of ``lines`` whose text is a message, from the first to the last.

    What looks like the mark of a list may be the beginning of a paragraph, so a line has several readings: the
    longest that is a message counts.
    """
    number = 0
    while number < len(lines):
        if not lines[number].strip():
            number += 1
            continue
        title = _title(lines, number)
        readings = [title] if title else [_paragraph(lines, number, prefix) for prefix in _prefixes(lines[number])]
        longest_first = sorted(readings, key=lambda run: -run.last)
        chosen = next((run for run in longest_first if is_message(run.text(lines))), None)
        if chosen:
            yield chosen
        read = chosen or next(iter(readings), None)
        last = read.last if read else number
        depth = None if title else _depth_of_verbatim(lines, number, last)
        number = last + 1
        while depth is not None and number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > depth):
            number += 1


def _depth_of_verbatim(lines: list[str], first: int, last: int) -> int | None:
    """Below which indentation lines stand as they are after a paragraph; None if they do not."""
    if match := _VERBATIM.match(lines[first].lstrip()):
        return _indent(lines[first])
    if lines[last].rstrip().endswith("::") and not _EXPLICIT_MARK.match(lines[last].lstrip()):
        return _indent(lines[last]) if last > first else len(_prefixes(lines[first])[0])
    return None
