"""Finds what a script gets from other sections of its chapter: the definitions that it imports, and what these need."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache

from sitebuild.definitions.joined_names import JoinedNames, Piece
from sitebuild.definitions.sibling_imports import DefinitionError, SiblingImport, find_sibling_imports
from sitebuild.definitions.top_level import NotADefinition, TopLevel

# Reads the text of a script of the chapter.
Read = Callable[[str], str]
# The same text has the same meaning: it is taken apart once, however many scripts import from it.
_top_of = cache(TopLevel)


@dataclass(frozen=True)
class Imported:
    """What an import brings into a script.

    Attributes
    ----------
    by : SiblingImport
        The import.
    pieces : tuple of Piece
        Statements that stand for it, each once for the whole script, in an order in which they can run.
    """

    by: SiblingImport
    pieces: tuple[Piece, ...]


class Chapter:
    """Scripts of a chapter that may import from each other.

    Parameters
    ----------
    sections : collection of str
        Names of its scripts.
    read : callable
        Gives the text of a script by its name.
    """

    def __init__(self, sections: Collection[str], read: Read) -> None:
        self._sections, self._read = frozenset(sections), read
        self._tops: dict[str, TopLevel] = {}
        self._imports: dict[str, list[SiblingImport]] = {}

    def top(self, section: str) -> TopLevel:
        """The top level of a script."""
        if section not in self._tops:
            self._tops[section] = _top_of(self._read(section))
        return self._tops[section]

    def imports(self, script: str) -> list[SiblingImport]:
        """The imports of a script from other sections."""
        if script not in self._imports:
            self._imports[script] = find_sibling_imports(script, self.top(script).tree, self._sections)
        return self._imports[script]

    def imported(self, script: str) -> list[Imported]:
        """What each of the script's imports brings, in their order.

        Raises
        ------
        DefinitionError
            If an import has another form than ``from section import Name``, if a name is not one of a
            definition, or if two names collide.
        """
        imports = self.imports(script)
        joined = JoinedNames(script, self.top(script), imports)
        found = [Imported(by, tuple(joined.take(by, _Needed(self, script, by).pieces()))) for by in imports]
        joined.check_meanings({section: set(top.bindings) for section, top in self._tops.items()})
        return found


class _Needed:
    """The definitions that one import needs, collected from section to section."""

    def __init__(self, chapter: Chapter, script: str, by: SiblingImport) -> None:
        self._chapter, self._script, self._by = chapter, script, by
        # By section: the statements that are needed, by their position, and of each the names that are.
        self._wanted: defaultdict[str, defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._way = [script]
        self._follow(by.section, by.names)

    def _fail(self, problem: str) -> DefinitionError:
        return DefinitionError(self._script, self._by.node.lineno, problem)

    def _follow(self, section: str, names: Collection[str]) -> None:
        """Note the definitions of ``names``, which another section imports from ``section``."""
        if section in self._way:
            circle = " → ".join([*self._way, section])
            raise self._fail(f"sections import each other in a circle: {circle}; move what both need into one of them")
        try:
            top = self._chapter.top(section)
        except SyntaxError as error:
            problem = f"{error.msg}; {self._script}.py imports from it"
            raise DefinitionError(section, error.lineno or 1, problem) from error
        for statement in top.statements:
            if isinstance(statement.node, ast.ImportFrom) and statement.node.module == "__future__":
                raise self._fail(f"{section}.py imports from __future__, which would not hold here; write it without")
        self._way.append(section)
        for by in self._chapter.imports(section):  # a circle, too, where nothing of it is needed
            self._follow(by.section, ())
        for name in names:
            if any(each.is_import for each in top.bindings.get(name, [])):
                raise self._fail(f"{section}.py imports {name} itself; import it from where it is defined")
            self._want(section, top, name)
        self._way.pop()

    def _want(self, section: str, top: TopLevel, name: str) -> None:
        try:
            statement = top.definition(name)
            completions = [] if statement.is_import else top.completions(name)
        except NotADefinition as problem:
            raise self._fail(f"{section}.py cannot give {name}: {problem}") from problem
        for each in (statement, *completions):
            position = top.statements.index(each)
            known = position in self._wanted[section] and name in self._wanted[section][position]
            self._wanted[section][position].add(name)
            if known:
                continue
            if each.is_import:
                self._want_import(section, each.node, name)
                continue
            for need in sorted(each.needs - {name} | each.binds - {name}):
                if need in top.bindings:
                    self._want(section, top, need)

    def _want_import(self, section: str, node: ast.stmt, name: str) -> None:
        for by in self._chapter.imports(section):
            if by.node is node:
                self._follow(by.section, [name])

    def pieces(self) -> Iterator[Piece]:
        """The statements, in an order in which they can run."""
        yield from self._pieces_of(self._by.section)

    def _pieces_of(self, section: str) -> Iterator[Piece]:
        top = self._chapter.top(section)
        siblings = {id(by.node): by for by in self._chapter.imports(section)}
        wanted = self._wanted.pop(section, {})  # once, however many sections need it
        for position, names in sorted(wanted.items()):
            statement = top.statements[position]
            if id(statement.node) in siblings:
                yield from self._pieces_of(siblings[id(statement.node)].section)
            elif statement.is_import:
                yield Piece(section, statement, "").part(names)
            else:
                yield Piece(section, statement, top.text(statement))
