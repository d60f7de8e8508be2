"""Places in a syntax tree where a node can be exchanged and put back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_NOT_COMPUTED = ("annotation", "returns")
_READABLE = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Subscript, ast.Attribute)
_READABLE += (ast.Tuple, ast.List, ast.arguments, ast.stmt)


@dataclass(frozen=True)
class Slot:
    """A node and its place in the tree.

    Attributes
    ----------
    node : ast.AST
        What stands there.
    ancestors : tuple of ast.AST
        The nodes above it, the outermost first.
    field : str
        Field of its parent.
    index : int or None
        Position in that field if it is a list.
    """

    node: ast.AST
    ancestors: tuple[ast.AST, ...]
    field: str
    index: int | None

    @property
    def parent(self) -> ast.AST:
        """The node right above."""
        return self.ancestors[-1]

    @property
    def shown(self) -> ast.AST:
        """What to show of a change: the node, or what stands around it if it is a mere name or number."""
        if not isinstance(self.node, (ast.Name, ast.Constant)):
            return self.node
        around = next(node for node in reversed(self.ancestors) if isinstance(node, _READABLE))
        return self.node if hasattr(around, "body") else around  # not a whole block

    @contextmanager
    def holding(self, new: ast.AST | None) -> Iterator[None]:
        """Put ``new`` into the place for a while; None leaves it empty."""
        self.put(new)
        try:
            yield
        finally:
            self._restore(new is None)

    def put(self, new: ast.AST | None) -> None:
        """Put ``new`` into the place; None, in a list only, takes out what is there."""
        if new is not None and not hasattr(new, "lineno"):  # a node of the script keeps its own place
            ast.fix_missing_locations(ast.copy_location(new, self.node))
        if self.index is None:
            setattr(self.parent, self.field, new)
        elif new is None:
            del getattr(self.parent, self.field)[self.index]
        else:
            getattr(self.parent, self.field)[self.index] = new

    def _restore(self, was_taken_out: bool) -> None:
        if self.index is None:
            setattr(self.parent, self.field, self.node)
        elif was_taken_out:
            getattr(self.parent, self.field).insert(self.index, self.node)
        else:
            getattr(self.parent, self.field)[self.index] = self.node


def walk(node: ast.AST, ancestors: tuple[ast.AST, ...] = ()) -> Iterator[Slot]:
    """All places below ``node`` that hold something computed, from top to bottom."""
    above = (*ancestors, node)
    for field, value in ast.iter_fields(node):
        if field in _NOT_COMPUTED:
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST):
                yield Slot(child, above, field, index)
                yield from walk(child, above)
