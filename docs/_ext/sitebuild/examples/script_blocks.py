"""A script as the blocks of which Sphinx-Gallery makes its page: docstring, texts and code."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import Literal

# A line that begins a text, as Sphinx-Gallery knows it; the lines of "#" that follow are the text.
_MARKER = re.compile(r"#{20,}|# ?%%")
_MARKER_ALONE = re.compile(r"#{20,}\s*|# ?%%\s*")
_DOCSTRING = re.compile(
    r"(?P<opening>[rRuU]?(?P<quotes>\"\"\"|''')(?:\\\n)?)(?P<text>.*)(?P<closing>(?P=quotes)[^\n]*)", re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A run of lines of a script.

    Attributes
    ----------
    kind : str
        "head" (what stands above the docstring), "docstring", "text" (comments after ``# %%``) or "code".
    lines : tuple of str
        Its lines, as they stand in the file.
    first : int
        Number of the first of them, from 1.
    """

    kind: Literal["head", "docstring", "text", "code"]
    lines: tuple[str, ...]
    first: int


@dataclass(frozen=True)
class Docstring:
    """The parts of a docstring: ``opening + text + closing`` are its lines in the script."""

    opening: str
    text: str
    closing: str

    @property
    def backslash(self) -> str:
        """How a backslash is written in it."""
        return "\\" if self.opening[0] in "rR" else "\\\\"


class ScriptFormError(ValueError):
    """A script has a form that its page accepts, but its translation could not be found in it.

    Parameters
    ----------
    line : int
        Where, from 1.
    problem : str
        What stands there, and what to write instead.
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line, self.problem = line, problem


def read_docstring(lines: tuple[str, ...], first: int = 1) -> Docstring:
    """The parts of the docstring that stands in ``lines``, of which the first has the number ``first``.

    Raises
    ------
    ScriptFormError
        If it is written in a way in which lines of a translation cannot stand in it.
    """
    if not (match := _DOCSTRING.fullmatch("\n".join(lines))):
        raise ScriptFormError(first, 'the docstring has quotes of another form; write """ before and after it')
    docstring = Docstring(match["opening"], match["text"], match["closing"])
    written = ast.parse("\n".join(lines)).body[0]
    value = ast.literal_eval(written.value) if isinstance(written, ast.Expr) else None
    if value != docstring.text.replace(docstring.backslash, "\\"):
        raise ScriptFormError(first, "the docstring holds an escape such as \\n or \\'; write r before its quotes, and the character itself")
    return docstring


def _docstring_lines(source: str) -> tuple[int, int]:
    """First and last line of the docstring, from 0.

    Raises
    ------
    ScriptFormError
        If there is none.
    """
    if ast.get_docstring(ast.parse(source), clean=False) is not None:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.STRING:
                return token.start[0] - 1, token.end[0] - 1
    raise ScriptFormError(1, 'a script begins with a docstring, in """, that holds its title')


def split_blocks(source: str) -> list[Block]:
    """Divide a script into its docstring, its text blocks and its code; joined they are the script.

    Raises
    ------
    ScriptFormError
        If it has no docstring.
    """
    lines = source.split("\n")
    first, last = _docstring_lines(source)
    blocks = [Block("head", tuple(lines[:first]), 1), Block("docstring", tuple(lines[first : last + 1]), first + 1)]
    kind: Literal["text", "code"] = "code"
    begun = last + 1
    for number in range(last + 1, len(lines)):
        starts_text = kind == "code" and _MARKER.match(lines[number])
        ends_text = kind == "text" and not lines[number].startswith("#")
        if starts_text or ends_text:
            blocks.append(Block(kind, tuple(lines[begun:number]), begun + 1))
            kind, begun = "text" if starts_text else "code", number
    blocks.append(Block(kind, tuple(lines[begun:]), begun + 1))
    return [block for block in blocks if block.lines]


def form_faults(source: str) -> list[ScriptFormError]:
    """What stands in a script and is lost on its page or in its translation."""
    faults = []
    try:
        blocks = split_blocks(source)
    except ScriptFormError as error:
        return [error]
    for block in blocks:
        if block.kind == "docstring":
            try:
                read_docstring(block.lines, block.first)
            except ScriptFormError as error:
                faults.append(error)
        elif block.kind == "text":
            faults += _text_faults(block)
    return faults


def _text_faults(block: Block) -> list[ScriptFormError]:
    """What Sphinx-Gallery would leave out of a text, or show as it stands."""
    faults = []
    if not _MARKER_ALONE.fullmatch(block.lines[0]):
        faults.append(ScriptFormError(block.first, "the page leaves out what stands behind # %%; begin the text on the next line"))
    for number, line in enumerate(block.lines[1:], block.first + 1):
        if re.match("# ?%%", line):
            faults.append(ScriptFormError(number, "a text begins within another; put an empty line above it"))
    return faults
