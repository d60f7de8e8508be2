"""Makes the mutants of a script: copies in which one thing is changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from formulas import Formula, find_formulas
from operators import OPERATORS
from scopes import Scope
from slots import Slot, walk

from sitebuild.definitions.chapter_files import completed


@dataclass(frozen=True)
class Script:
    """An example script.

    Attributes
    ----------
    path : Path
        Its file in a chapter's folder of the gallery.
    source : str
        Its text.
    """

    path: Path
    source: str

    @classmethod
    def read(cls, path: Path) -> Script:
        """The script in ``path``."""
        return cls(path, path.read_text(encoding="utf-8"))

    def complete(self) -> Script:
        """The script with what it imports from other sections in the place of the imports."""
        return Script(self.path, completed(self.path))

    @property
    def chapter(self) -> Path:
        """Its chapter's folder."""
        return self.path.parent

    @property
    def name(self) -> str:
        """Chapter and script, such as "double_backward/saving_inputs"."""
        return f"{self.chapter.name}/{self.path.stem}"

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree, always the same object."""
        return ast.parse(self.source)

    @cached_property
    def formulas(self) -> list[Formula]:
        """Its formulas."""
        return find_formulas(self.tree)


@dataclass(frozen=True)
class Mutant:
    """A change in one place of a formula.

    Attributes
    ----------
    script : Script
        The script.
    formula : Formula
        The changed method or helper.
    slot : Slot
        The place in the script's tree.
    new : ast.AST or None
        What stands there; None if nothing does.
    line, column : int
        Where the changed text begins, both from 1.
    change : str
        What is changed, such as "a + b -> a - b".
    """

    script: Script
    formula: Formula
    slot: Slot
    new: ast.AST | None
    line: int
    column: int
    change: str

    @property
    def name(self) -> str:
        """Place and change, as compilers name places."""
        return f"gallery/{self.script.name}.py:{self.line}:{self.column}: {self.change}"


def describe(slot: Slot, new: ast.AST | None) -> str:
    """The change in words of the script."""
    before = ast.unparse(slot.shown)
    if new is None:
        return f"@{before} -> nothing"
    if slot.shown is slot.node:
        return f"{before} -> {ast.unparse(new)}"
    with slot.holding(new):
        return f"{before} -> {ast.unparse(slot.shown)}"


def _column(source: str, node: ast.AST) -> int:
    """Column in characters, from 1; the tree counts bytes, from 0."""
    line = source.splitlines()[node.lineno - 1]
    return len(line.encode()[: node.col_offset].decode()) + 1


def _mutants_of(script: Script, formula: Formula) -> Iterator[Mutant]:
    scope = Scope(formula.node)
    for slot in walk(formula.node):
        for operator in OPERATORS:
            for new in operator(slot, scope):
                # An operator or a context has no place of its own, but no mutation begins there.
                column = _column(script.source, slot.node)
                yield Mutant(script, formula, slot, new, slot.node.lineno, column, describe(slot, new))


def make_mutants(script: Script) -> list[Mutant]:
    """All mutants of ``script``, in the order of its formulas, each change once."""
    by_name: dict[str, Mutant] = {}
    for formula in script.formulas:
        for mutant in _mutants_of(script, formula):
            by_name.setdefault(mutant.name, mutant)
    return list(by_name.values())
