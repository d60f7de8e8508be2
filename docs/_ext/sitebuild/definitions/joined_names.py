"""Definitions of several sections in one script: each stands there once, and no name means two things."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sitebuild.definitions.sibling_imports import DefinitionError, SiblingImport
from sitebuild.definitions.top_level import Statement, TopLevel, bound_by, global_names, origins


@dataclass(frozen=True)
class Piece:
    """A statement of one section that another one gets.

    Attributes
    ----------
    section : str
        Where it stands.
    statement : Statement
        Of an import the part that is needed.
    text : str
        Its lines there, with the comment above them.
    """

    section: str
    statement: Statement
    text: str

    @property
    def place(self) -> str:
        """Its place, for messages."""
        return f"{self.section}.py:{self.statement.node.lineno}"

    def part(self, names: set[str]) -> Piece:
        """The part of an import that binds ``names``."""
        node = self.statement.node
        assert isinstance(node, ast.Import | ast.ImportFrom)
        aliases = [alias for alias in node.names if bound_by(alias) in names]
        part = ast.Import(aliases) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, aliases, node.level)
        part = ast.copy_location(part, node)
        return Piece(self.section, replace(self.statement, node=part, binds=frozenset(names)), ast.unparse(part))


def _brings(node: ast.stmt, name: str) -> str:
    """What an import brings under ``name``; unlike :func:`origins` it tells ``import a`` and ``import a.b`` apart."""
    assert isinstance(node, ast.Import | ast.ImportFrom)
    (alias,) = [alias for alias in node.names if bound_by(alias) == name][:1]
    return f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name


class JoinedNames:
    """Names of a script and of what it imports from other sections, as they stand in one file.

    Parameters
    ----------
    script : str
        Name of the script.
    top : TopLevel
        Its top level.
    imports : list of SiblingImport
        Its imports from other sections.
    """

    def __init__(self, script: str, top: TopLevel, imports: list[SiblingImport]) -> None:
        self._script = script
        # What the script uses without importing it from a section.
        self._needs = global_names("\n".join(top.lines))[1] - {name for by in imports for name in by.names}
        # For each name the statements that give it a value, by their places; at first those of the script alone.
        self._bound: dict[str, dict[str, Statement]] = {}
        nodes = [by.node for by in imports]
        for statement in top.statements:
            for name in statement.binds if statement.node not in nodes else ():
                self._bound.setdefault(name, {})[f"{script}.py:{statement.node.lineno}"] = statement
        self._own = set(self._bound)
        self._taken: list[tuple[SiblingImport, Piece]] = []

    def _fail(self, by: SiblingImport, problem: str) -> DefinitionError:
        return DefinitionError(self._script, by.node.lineno, problem)

    def take(self, by: SiblingImport, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Those of ``pieces``, which ``by`` brings, that the script does not have yet.

        Raises
        ------
        DefinitionError
            If one of their names means something else already.
        """
        places = {piece.place for _by, piece in self._taken if not piece.statement.is_import}
        for piece in pieces:
            if piece.place in places:
                continue
            names = {name for name in sorted(piece.statement.binds) if not self._has(by, piece, name)}
            if piece.statement.is_import and not names:
                continue
            new = piece.part(names) if piece.statement.is_import else piece
            for name in names:
                self._bound.setdefault(name, {})[piece.place] = new.statement
            self._taken.append((by, new))
            yield new

    def _has(self, by: SiblingImport, piece: Piece, name: str) -> bool:
        """Whether the script has the name of a piece already, as the same import."""
        node = piece.statement.node
        for place, other in self._bound.get(name, {}).items():
            same = piece.statement.is_import and other.is_import and origins(node)[name] == origins(other.node)[name]
            if not same:
                raise self._fail(
                    by,
                    f"it brings {name} of {piece.place}, but {place} gives {name} another meaning; "
                    "rename one of them",
                )
            if name in self._own and other.node.lineno > by.node.lineno:
                raise self._fail(
                    by, f"it needs {name}, which is imported only in line {other.node.lineno}; import that above"
                )
            if _brings(node, name) == _brings(other.node, name):
                return True
        return False

    def check_meanings(self, bound: Mapping[str, set[str]]) -> None:
        """Hold the names that are used against those that are defined.

        Parameters
        ----------
        bound : mapping
            For each section the names that its script binds.

        Raises
        ------
        DefinitionError
            If a name is Python's own in one place and defined in another, or if the script uses what it does
            not import.
        """
        for by, piece in self._taken:
            for name in sorted((piece.statement.needs - bound[piece.section]) & set(self._bound)):
                place = next(iter(self._bound[name]))
                raise self._fail(
                    by,
                    f"{piece.place}, which it brings, uses Python's own {name}, but {place} gives {name} "
                    "another meaning; rename it",
                )
            for name in sorted((piece.statement.binds & self._needs) - self._own):
                remedy = f"add it to that import, or rename it in {piece.section}.py"
                raise self._fail(
                    by,
                    f"the script uses {name} without importing it, and the import brings that of {piece.place}; "
                    + ("import it here too" if piece.statement.is_import else remedy),
                )
