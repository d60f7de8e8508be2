"""Names that a formula knows."""

from __future__ import annotations

import ast
from dataclasses import dataclass

# First parameters of methods: objects that hold tensors, but are none.
HOLDERS = ("ctx", "self", "cls", "info")
# Attributes of ctx that PyTorch puts there.
_GIVEN = {"save_for_backward", "save_for_forward", "saved_tensors", "needs_input_grad", "mark_dirty"}


@dataclass(frozen=True)
class Scope:
    """Names in the function ``function``."""

    function: ast.FunctionDef

    def _bound(self) -> dict[str, int]:
        """Parameters and assigned names, in order, with the line from which on they are known."""
        arguments = self.function.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        bound = {parameter.arg: self.function.lineno for parameter in parameters}
        for node in ast.walk(self.function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound[node.id] = min(node.lineno, bound.get(node.id, node.lineno))
        return dict(sorted(bound.items(), key=lambda item: item[1]))

    def is_module(self, node: ast.expr) -> bool:
        """Whether ``node`` is a name that the function does not bind, such as ``torch`` (or ``torch.special``)."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id not in self._bound()

    def other_than(self, node: ast.Name | ast.Attribute) -> ast.expr | None:
        """Another name, or another attribute of ctx, known where ``node`` stands; None if there is none."""
        if isinstance(node, ast.Attribute):
            return self._other_attribute(node)
        names = [name for name, line in self._bound().items() if line < node.lineno and name not in HOLDERS]
        if node.id not in names or len(names) < 2:
            return None
        return ast.Name(names[(names.index(node.id) + 1) % len(names)], ast.Load())

    def _other_attribute(self, node: ast.Attribute) -> ast.expr | None:
        if ast.unparse(node.value) not in HOLDERS:
            return None
        names = {
            other.attr: None  # a dict, because it keeps the order
            for other in ast.walk(self.function)
            if isinstance(other, ast.Attribute) and ast.dump(other.value) == ast.dump(node.value)
        }
        known = [name for name in names if name not in _GIVEN]
        if node.attr not in known or len(known) < 2:
            return None
        return ast.Attribute(node.value, known[(known.index(node.attr) + 1) % len(known)], ast.Load())
