"""Which parts of an error text belong to an example, and which to the error."""

from __future__ import annotations

import ast
import re

VARIABLE = "…"
# What follows are the numbers of this example.
_VALUES = re.compile(r",? (?:numerical:)?tensor\(\[.*", re.DOTALL)
_SHAPE = re.compile(r"\[[\d, ]*\]|\(\d+,(?: \d+,)*(?: \d+)?\)")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\d.]*\w)")
_SENTENCE = re.compile(r"(?<=[\w)\]`'>])\.\s+(?=[A-Z])|\.$")


def names_of(script: str, chapter: str) -> frozenset[str]:
    """Names that ``script`` has given: its classes, the operators it registers, its chapter as their namespace."""
    tree = ast.parse(script)
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    operators = {part for text in texts if re.fullmatch(r"\w+::\w+", text) for part in text.split("::")}
    return frozenset(classes | operators | {chapter})


def without_names(text: str, names: frozenset[str]) -> str:
    """``text`` without its values, shapes and the ``names`` of the example."""
    text = _VALUES.sub("", re.sub(r"<[^<>]*>", VARIABLE, " ".join(text.split())))
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    text = re.sub(rf"\b(?:{listed})(?:Backward)?\b", VARIABLE, text)
    text = re.sub(rf"(?:{VARIABLE}(?:\.|::))+(?:\w+|{VARIABLE})", VARIABLE, text)
    return _SHAPE.sub(lambda match: f"{match[0][0]}{VARIABLE}{match[0][-1]}", text).rstrip(" ,:")


def first_sentence(text: str) -> str:
    """What a reader would recognise: ``text`` up to the first full stop."""
    return _SENTENCE.split(text, maxsplit=1)[0]


def shape_of(text: str) -> str:
    """``text`` without its numbers: two texts with one shape are the same error."""
    return _NUMBER.sub(VARIABLE, text).casefold()


def common(first: str, second: str) -> str:
    """What two texts of one shape have in common: a number stays where both have the same."""
    others = iter(_NUMBER.findall(second))
    return _NUMBER.sub(lambda match: match[0] if next(others, None) == match[0] else VARIABLE, first)
