"""Lets a script import from other sections while it runs: their definitions are executed, and nothing else of them.

They are executed among the names of the script itself, as they stand in the file that a reader downloads. So the
page shows what that file does: pickle and torch.compile look names up in ``__main__``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from sitebuild.definitions.chapter_files import imports_of
from sitebuild.definitions.imported import Imported
from sitebuild.definitions.joined_names import Piece
from sitebuild.examples import running_script


class DefinitionFinder(MetaPathFinder, Loader):
    """Gives a script what it imports from other sections.

    Parameters
    ----------
    folder : Path
        Folder of the chapter.
    imported : list of Imported
        What the script imports.
    """

    def __init__(self, folder: Path, imported: list[Imported]) -> None:
        self._folder, self._imported = folder, imported
        self.sections = {each.by.section for each in imported}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The section ``fullname``, if the script imports from it."""
        return ModuleSpec(fullname, self) if fullname in self.sections else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making of the module to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Let the module bring each name when it is asked for: a script may import from a section in several places."""
        vars(module)["__getattr__"] = lambda name: self._bring(module, name)

    def _bring(self, module: ModuleType, name: str) -> object:
        """Execute what an import that asks for ``name`` brings, and offer its names."""
        names = vars(sys.modules[running_script.EXAMPLE])
        for imported in self._imported:
            if imported.by.section == module.__name__ and name in imported.by.names:
                for piece in imported.pieces:
                    self._execute(piece, names)
                vars(module).update({each: names[each] for each in imported.by.names})
                return names[name]
        raise AttributeError(name)

    def _execute(self, piece: Piece, names: dict[str, object]) -> None:
        # Line numbers are those of the section, so an error leads there.
        path = str(self._folder / f"{piece.section}.py")
        running_script.imported_from.add(path)
        exec(compile(ast.Module([piece.statement.node], []), path, "exec", dont_inherit=True), names)
        if not piece.statement.is_import:
            running_script.imported += [names[name] for name in sorted(piece.statement.binds)]


@contextmanager
def sections_of(script: Path) -> Iterator[None]:
    """While this lasts, ``script`` can import from the other sections of its chapter."""
    finder = DefinitionFinder(script.parent, imports_of(script))
    hidden = {name: sys.modules.pop(name) for name in finder.sections if name in sys.modules}
    running_script.imported_from.clear()
    running_script.imported.clear()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in finder.sections:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
