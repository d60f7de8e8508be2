"""Finds the formulas of a script: the methods of its Functions and the helpers that they call.

The functions that make an operator of ``torch.library`` are formulas too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

Definition = ast.ClassDef | ast.FunctionDef

_FUNCTION = re.compile(r"(?:(?:torch\.)?autograd\.)?(?:function\.)?Function")
# What makes or completes an operator, as a call or as a decorator.
_REGISTERING = {"custom_op", "register_kernel", "register_autograd", "register_vmap"}


@dataclass(frozen=True)
class Formula:
    """A method of a Function, a function of an operator, or a helper.

    Attributes
    ----------
    name : str
        Qualified as Python does, such as "Square.backward".
    owner : str
        What it belongs to: the Function "Square", or the helper itself.
    definition : ast.ClassDef or ast.FunctionDef
        Definition of the owner.
    node : ast.FunctionDef
        Definition of the method or helper.
    """

    name: str
    owner: str
    definition: Definition
    node: ast.FunctionDef


def _definitions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """All classes and functions below ``node`` by qualified name."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            name = prefix + child.name
            yield name, child
            yield from _definitions(child, f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>.")
        else:
            yield from _definitions(child, prefix)


def _functions(definitions: dict[str, Definition]) -> dict[str, ast.ClassDef]:
    """Classes that derive from ``torch.autograd.Function``, directly or through another class of the script."""
    found: dict[str, ast.ClassDef] = {}
    for name, node in definitions.items():
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base) for base in node.bases]
            parents = {function.name for function in found.values()}
            if any(_FUNCTION.fullmatch(base) or base in parents for base in bases):
                found[name] = node
    return found


def _registers(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(called).rpartition(".")[2] in _REGISTERING


def _of_operators(tree: ast.Module, definitions: dict[str, Definition]) -> dict[str, ast.FunctionDef]:
    """Functions that are given to an operator by name or decorated as one."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _registers(node)]
    given = [argument for call in calls for argument in call.args]
    given += [keyword.value for call in calls for keyword in call.keywords]
    names = {node.id for node in given if isinstance(node, ast.Name)}
    return {
        name: node
        for name, node in definitions.items()
        if isinstance(node, ast.FunctionDef) and (name in names or any(map(_registers, node.decorator_list)))
    }


def _is_read_as_text(node: ast.FunctionDef) -> bool:
    """Whether it is a Triton kernel: Triton reads the script's file, so a change to the tree would not reach it."""
    return any(ast.unparse(decorator) == "triton.jit" for decorator in node.decorator_list)


def find_formulas(tree: ast.Module) -> list[Formula]:
    """The formulas of a script, in the order of its lines."""
    definitions = dict(_definitions(tree))
    formulas = [
        Formula(f"{owner}.{node.name}", owner, definition, node)
        for owner, definition in _functions(definitions).items()
        for node in definition.body
        if isinstance(node, ast.FunctionDef)
    ]
    helpers = _of_operators(tree, definitions)
    waiting = [formula.node for formula in formulas] + list(helpers.values())
    while waiting:
        for node in ast.walk(waiting.pop()):
            helper = definitions.get(node.id) if isinstance(node, ast.Name) else None
            if isinstance(helper, ast.FunctionDef) and helper.name not in helpers and not _is_read_as_text(helper):
                helpers[helper.name] = helper
                waiting.append(helper)
    formulas += [Formula(name, name, node, node) for name, node in helpers.items()]
    return sorted(formulas, key=lambda formula: formula.node.lineno)
