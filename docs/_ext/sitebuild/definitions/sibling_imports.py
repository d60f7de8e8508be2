"""How a script imports definitions from other sections of its chapter: ``from section import Name``.

The other forms of an import are refused. They would run the other section, or hide from a reader where a
name comes from.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Collection
from dataclasses import dataclass


class DefinitionError(ValueError):
    """A script cannot import what it wants to.

    Parameters
    ----------
    script : str
        Name of the script, without a suffix.
    line : int
    problem : str
        What is wrong there, and how it can be mended.
    """

    def __init__(self, script: str, line: int, problem: str) -> None:
        super().__init__(f"{script}.py:{line}: {problem}")


@dataclass(frozen=True)
class SiblingImport:
    """The import of names from another section of the chapter.

    Attributes
    ----------
    section : str
        Its script, without a suffix.
    names : tuple of str
        What is imported.
    node : ast.ImportFrom
    """

    section: str
    names: tuple[str, ...]
    node: ast.ImportFrom


def _problem(node: ast.Import | ast.ImportFrom, sections: Collection[str], at_top: bool) -> str:
    """What is wrong with the form of an import; "" if nothing is."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names if alias.name.partition(".")[0] in sections]
        return f"import {names[0]} would import a whole section; write: from {names[0]} import Name" if names else ""
    module = node.module or ""
    if node.level:
        return "an import begins with a dot; sections import each other without: from section import Name"
    if module.partition(".")[0] not in sections:
        missing = at_top and importlib.util.find_spec(module.partition(".")[0]) is None
        known = "there is neither a section of this chapter nor a module"
        return f"{known} {module}; correct the name, or write what you need here" if missing else ""
    if "." in module:
        return f"{module} is no section; write: from {module.partition('.')[0]} import Name"
    if not at_top:
        return f"from {module} import … stands within another statement; put it at the top level"
    for alias in node.names:
        if alias.name == "*" or alias.asname:
            wanted = "Name" if alias.name == "*" else alias.name
            kept = "a section's names are imported one by one and keep their names"
            return f"{kept}; write: from {module} import {wanted}"
    return ""


def find_sibling_imports(script: str, tree: ast.Module, sections: Collection[str]) -> list[SiblingImport]:
    """The imports from other sections in a script, in order.

    Parameters
    ----------
    script : str
        Name of the script.
    tree : ast.Module
        Its syntax tree.
    sections : collection of str
        Names of all scripts of the chapter.

    Raises
    ------
    DefinitionError
        If a section is imported in another form.
    """
    found: list[SiblingImport] = []
    for node in ast.walk(tree):  # what is at the top level comes first, in order
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if problem := _problem(node, sections, node in tree.body):
            raise DefinitionError(script, node.lineno, problem)
        if isinstance(node, ast.ImportFrom) and node.module in sections:
            found.append(SiblingImport(node.module, tuple(alias.name for alias in node.names), node))
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    if found and future:
        problem = "what is imported from __future__ would change what comes from other sections; write it without"
        raise DefinitionError(script, future[0].lineno, problem)
    return found
