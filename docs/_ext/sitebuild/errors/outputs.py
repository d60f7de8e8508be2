"""What an example printed: its outputs, and the error texts in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from sitebuild.errors.printers import NAME, Printer, find_printers, other_beginnings

_BLOCK = re.compile(r"^\.\. GENERATED FROM PYTHON SOURCE LINES (\d+)-(\d+)$", re.MULTILINE)
_OUTPUT = re.compile(r"^\.\. rst-class:: sphx-glr-script-out\n\n \.\. code-block:: none\n\n((?:    .*\n|\n)*)", re.MULTILINE)
# What a line that is too long may be broken at: a blank, or a hyphen inside a word.
_FIRST_PIECE = re.compile(r"\w+-(?=\w)|\S+")
_INSIDE_WORD = re.compile(r"\w-$")


@dataclass(frozen=True)
class Output:
    """What a code block, from line ``first`` to line ``last`` of the script, printed."""

    first: int
    last: int
    code: str
    lines: tuple[str, ...]


def find_outputs(page: str, script: str) -> list[Output]:
    """The outputs on a page that Sphinx-Gallery laid out, as reST, of the text ``script``."""
    blocks = list(_BLOCK.finditer(page))
    ends = [*(block.start() for block in blocks[1:]), len(page)]
    source, outputs = script.splitlines(), []
    for block, end in zip(blocks, ends, strict=True):
        first, last = int(block[1]), int(block[2])
        for match in _OUTPUT.finditer(page, block.end(), end):
            lines = tuple(line.removeprefix("    ") for line in match[1].rstrip().splitlines())
            outputs.append(Output(first, last, "\n".join(source[first - 1 : last]), lines))
    return outputs


def _printer_of(name: str, output: Output, printers: list[Printer]) -> Printer | None:
    """Who has printed an error called ``name`` in ``output``: rather one that says so literally."""
    able = [
        each
        for each in printers
        if each.literal in ("", name)
        and (NAME.match(f"{name}: ") or name in each.names)
        and (
            re.search(rf"(?<!def )\b{each.function}\(", output.code)
            if each.function
            else output.first <= each.line <= output.last
        )
    ]
    return max(able, key=lambda each: bool(each.literal), default=None)


def _goes_on(line: str, following: str, width: int) -> bool:
    """Whether ``fill`` may have broken a text of this ``width`` after ``line``: the next piece would not have fitted."""
    piece = _FIRST_PIECE.match(following)
    if piece is None or "  " in following:  # columns are no text
        return False
    return len(line) + len(piece[0]) + (not _INSIDE_WORD.search(line)) > width


def _unwrap(lines: list[str], width: int, others: re.Pattern[str]) -> str:
    """The text that begins in the first of ``lines``, up to a line that matches ``others``."""
    text = lines[0]
    for line, following in pairwise(lines) if width else ():
        if others.search(following) or not _goes_on(line, following, width):
            break
        text += following if _INSIDE_WORD.search(line) else f" {following}"
    return text


def find_errors(page: str, script: str) -> Iterator[tuple[Printer, str]]:
    """Each error text that ``script`` printed, with what printed it: the first line, unless it was wrapped."""
    printers = find_printers(script)
    names = "|".join(re.escape(name) for each in printers for name in sorted(each.names))
    begin = re.compile(rf"(?:{NAME.pattern}|\b(?:{names or '(?!)'})(?=: )): (?=\S)")
    beginnings = "|".join(re.escape(text) for text in other_beginnings(script))
    others = re.compile(rf"{begin.pattern}|^(?:{beginnings or '(?!)'})")
    for output in find_outputs(page, script):
        for number, line in enumerate(output.lines):
            match = begin.search(line)
            printer = _printer_of(match[0].removesuffix(": "), output, printers) if match else None
            if printer is not None:
                text = _unwrap(list(output.lines[number:]), printer.width, others)
                yield printer, text[match.end() :]
