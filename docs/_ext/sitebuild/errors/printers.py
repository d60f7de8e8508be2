"""Which lines of an example print an error, and how wide they wrap it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

# How the output of an example names what was raised, or what warned.
NAME = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Warning)(?=: )")


@dataclass(frozen=True)
class Printer:
    """A call of ``print`` that writes an error or a warning.

    Attributes
    ----------
    line : int
        Its line in the script.
    names : frozenset of str
        What it may call the error beside names such as "ValueError": the last words of what is caught.
    literal : str
        The name, if it is part of the text that is printed; "" if it is that of the type.
    width : int
        Length of its lines, if ``textwrap.fill`` wraps them; else 0.
    function : str
        Function in which it stands; "" on the level of the module.
    """

    line: int
    names: frozenset[str]
    literal: str
    width: int
    function: str


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _constants(tree: ast.AST) -> list[str]:
    return [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _width(handler: ast.AST) -> int:
    """Second argument of the call of ``fill`` below ``handler``; 0 if there is none."""
    for call in _calls(handler, "fill"):
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
            return int(call.args[1].value)
    return 0


def _literal(call: ast.Call) -> str:
    found = (NAME.search(f"{text.strip()} ") for text in _constants(call))
    return next((match[0] for match in found if match), "")


def _caught(handler: ast.ExceptHandler) -> frozenset[str]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return frozenset(ast.unparse(kind).rpartition(".")[2] for kind in kinds if kind is not None)


def _in_handler(handler: ast.ExceptHandler, function: str) -> Iterator[Printer]:
    """The prints of a handler, if what they print depends on the error."""
    about = {handler.name}
    for statement in handler.body:
        if isinstance(statement, ast.Assign) and about & {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}:
            about |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
        for call in _calls(statement, "print"):
            if about & {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}:
                yield Printer(call.lineno, _caught(handler), _literal(call), _width(handler), function)


def find_printers(script: str) -> list[Printer]:
    """Every print of a caught error or a recorded warning in ``script``, by line."""
    printers: dict[int, Printer] = {}

    def visit(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.ExceptHandler) and node.name:
            printers.update((each.line, each) for each in _in_handler(node, function))
        elif isinstance(node, ast.Expr) and any(_calls(node, "print")) and _literal(node.value):
            line = node.lineno
            printers.setdefault(line, Printer(line, frozenset(), _literal(node.value), _width(node), function))
        name = node.name if isinstance(node, ast.FunctionDef) else function
        for child in ast.iter_child_nodes(node):
            visit(child, name)

    visit(ast.parse(script), "")
    return [printers[line] for line in sorted(printers)]


def other_beginnings(script: str) -> tuple[str, ...]:
    """With what lines begin that are printed beside errors, as far as the script says it."""
    texts = (_constants(call)[:1] for call in _calls(ast.parse(script), "print"))
    return tuple(sorted({text[0].strip() for text in texts if text and text[0].strip() and not NAME.search(text[0])}))
