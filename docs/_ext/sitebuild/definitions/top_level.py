"""What the top level of a script defines, and what each definition needs.

A definition can be read off the text: a function, a class, an import, a name for something that is
written down. What a script computes when it runs is none.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

# Calls that give the same at every run and leave no trace. "math." stands for all that begins with it.
HARMLESS_CALLS = (
    *("math.", "torch.device", "torch.cuda.is_available", "torch.tensor", "torch.compile", "torch.func.", "torch.vmap"),
    *("functools.partial", "dict", "float", "frozenset", "int", "len", "list", "range", "set", "tuple"),
)
# A comment that gives an order to Sphinx-Gallery.
_ORDER = re.compile(r"#\s*sphinx_gallery_")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


class NotADefinition(ValueError):
    """A name stands for nothing that can be taken out of its script."""


@dataclass(frozen=True)
class Statement:
    """A statement of the top level.

    Attributes
    ----------
    node : ast.stmt
    binds, needs : frozenset of str
        Global names that it gives a value, and those that it uses, at once or when it is called.
    first, last : int
        Its lines, from 1, with the comment directly above it.
    """

    node: ast.stmt
    binds: frozenset[str]
    needs: frozenset[str]
    first: int
    last: int

    @property
    def is_import(self) -> bool:
        """Whether it imports something."""
        return isinstance(self.node, _IMPORTS)

    @property
    def is_block(self) -> bool:
        """Whether it is a function or a class."""
        return isinstance(self.node, _DEFINITIONS)


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def global_names(source: str) -> tuple[set[str], set[str]]:
    """Global names that ``source`` gives a value, and those that it uses."""
    binds, needs = set(), set()
    top = symtable.symtable(source, "script", "exec")
    for table in _tables(top):
        for symbol in table.get_symbols():
            is_global = table is top or symbol.is_global()
            if is_global and (symbol.is_assigned() or symbol.is_imported()):
                binds.add(symbol.get_name())
            # What a class body gives a value may have been a global name before: ``scale = scale``.
            if symbol.is_referenced() and (is_global or (table.get_type() == "class" and symbol.is_local())):
                needs.add(symbol.get_name())
    return binds, needs


def root_of(node: ast.expr) -> str:
    """The name with which ``a.b(c)[d].e`` begins; "" if it begins with something else."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _calls_at_once(node: ast.AST) -> Iterator[ast.Call]:
    """Calls in an expression that happen when it is evaluated, not within a lambda."""
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node) if not isinstance(node, ast.Lambda) else ():
        yield from _calls_at_once(child)


def _stores_into(node: ast.AST) -> Iterator[ast.expr]:
    """Attributes and items that are given a value or deleted outside of functions and classes."""
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        yield node
    for child in ast.iter_child_nodes(node) if not isinstance(node, _DEFINITIONS) else ():
        yield from _stores_into(child)


class TopLevel:
    """The top level of a script.

    Parameters
    ----------
    source : str
        Text of the script.
    """

    def __init__(self, source: str) -> None:
        self.lines = source.split("\n")
        self.tree = ast.parse(source)

    @cached_property
    def statements(self) -> list[Statement]:
        """Its statements, in order."""
        return [self._statement(node) for node in self.tree.body]

    @cached_property
    def bindings(self) -> dict[str, list[Statement]]:
        """For each global name the statements that give it a value."""
        found = defaultdict(list)
        for statement in self.statements:
            for name in statement.binds:
                found[name].append(statement)
        return dict(found)

    def _statement(self, node: ast.stmt) -> Statement:
        binds, needs = global_names(ast.unparse(node))
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        first, last = self._with_comment(first), node.end_lineno or first
        return Statement(node, frozenset(binds), frozenset(needs - binds), first, last)

    def _with_comment(self, line: int) -> int:
        """First line of the comment directly above ``line``; one that begins with ``# %%`` is text of the page."""
        first = line
        while first > 1 and self.lines[first - 2].startswith("#") and not _ORDER.match(self.lines[first - 2]):
            first -= 1
        return line if any(text.startswith("# %%") for text in self.lines[first - 1 : line]) else first

    def text(self, statement: Statement) -> str:
        """The lines of a statement."""
        return "\n".join(self.lines[statement.first - 1 : statement.last])

    def definition(self, name: str) -> Statement:
        """The statement that defines ``name``.

        Raises
        ------
        NotADefinition
            If there is none, more than one, or one that has to run.
        """
        found = self.bindings.get(name, [])
        if not found:
            raise NotADefinition(f"nothing at its top level defines {name}")
        lines = ", ".join(str(each.node.lineno) for each in found)
        if len(found) > 1:
            raise NotADefinition(f"{name} gets a value in lines {lines}; give it one in a single place")
        self._require_definition(found[0], name)
        return found[0]

    def completions(self, name: str) -> list[Statement]:
        """Statements that complete the definition of ``name``: what is registered with it, its attributes.

        Raises
        ------
        NotADefinition
            If something is put into it where it depends on the run.
        """
        found = [each for each in self.statements if name not in each.binds and _completes(each.node, name)]
        for each in found:
            self._require_definition(each, name)
        for each in self.statements:
            stores = [] if each in found else [node for node in _stores_into(each.node) if root_of(node) == name]
            if stores:
                raise NotADefinition(f"line {stores[0].lineno} changes {name} while the script runs")
        return found

    def _require_definition(self, statement: Statement, name: str) -> None:
        node, line = statement.node, statement.node.lineno
        if not (statement.is_import or (_is_simple(node) and len(statement.binds) <= 1)):
            raise NotADefinition(
                f"{name} gets its value in line {line}, which is neither a definition nor a simple assignment"
            )
        calls = _calls_at_once(node.value) if isinstance(node, ast.Assign | ast.AnnAssign) and node.value else ()
        for call in calls:
            if not self._is_harmless(call):
                raise NotADefinition(
                    f"{name} in line {line} is the result of {ast.unparse(call.func)}(); only what is written "
                    "down can be imported: make it in a function, or in the script that uses it"
                )
        others = [each for each in self.statements if each is not statement]
        if any(each.first <= statement.last and statement.first <= each.last for each in others):
            raise NotADefinition(f"{name} shares line {line} with another statement; give it a line of its own")

    def _is_harmless(self, call: ast.Call) -> bool:
        root = root_of(call.func)
        path = ast.unparse(call.func)
        for statement in self.bindings.get(root, []):
            if not isinstance(statement.node, _IMPORTS):
                return False
            path = origins(statement.node)[root] + path.removeprefix(root)
        return any(path.startswith(each) if each.endswith(".") else path == each for each in HARMLESS_CALLS)


def _is_simple(node: ast.stmt) -> bool:
    """Whether a statement does no more than to define one thing, or to add to it."""
    if isinstance(node, ast.Assign):
        return not any(isinstance(each, ast.Tuple | ast.List) for each in node.targets)
    return isinstance(node, (*_DEFINITIONS, ast.Expr)) or (isinstance(node, ast.AnnAssign) and node.value is not None)


def _completes(node: ast.stmt, name: str) -> bool:
    """Whether a statement adds to ``name``: by a decorator of its own, an attribute, an item or a registration."""
    if isinstance(node, _DEFINITIONS):
        return any(root_of(each) == name for each in node.decorator_list)
    if isinstance(node, ast.Assign):
        return any(not isinstance(each, ast.Name) and root_of(each) == name for each in node.targets)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        return node.value.func.attr.startswith("register") and root_of(node.value.func) == name
    return False


def bound_by(alias: ast.alias) -> str:
    """The name that a part of an import binds; ``import torch.nn`` binds ``torch``."""
    return alias.asname or alias.name.partition(".")[0]


def origins(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """For each name that an import binds what it stands for, such as "torch.nn.functional.conv2d"."""
    if isinstance(node, ast.ImportFrom):
        return {bound_by(alias): f"{node.module}.{alias.name}" for alias in node.names}
    return {bound_by(alias): alias.name if alias.asname else bound_by(alias) for alias in node.names}
