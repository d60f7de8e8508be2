"""Chapters of the gallery as sets of scripts that import from each other."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

from sitebuild.definitions.completed_script import complete
from sitebuild.definitions.imported import Chapter, Imported
from sitebuild.definitions.sibling_imports import DefinitionError
from sitebuild.examples.gallery import scripts_of
from sitebuild.examples.gallery_folders import name_of


def chapter_of(script: Path) -> Chapter:
    """The chapter of ``script``, read as it stands now."""
    sections = {path.stem: path for path in scripts_of(script.parent)}
    return Chapter(sections, lambda section: sections[section].read_text(encoding="utf-8"))


def import_faults(script: Path) -> list[str]:
    """What is wrong with the imports of ``script`` from other sections, as one line; a run tells what else is."""
    try:
        imports_of(script)
    except DefinitionError as error:
        return [f"{name_of(script.parent)}/{error}"]
    return []


def completed(script: Path) -> str:
    """The text of ``script`` with what it imports from other sections in the place of the imports.

    A text that is no Python is returned as it stands.
    """
    text = script.read_text(encoding="utf-8")
    try:
        return complete(text, imports_of(script), lambda section: f"# {section}.py")
    except SyntaxError:
        return text


def imports_of(script: Path) -> list[Imported]:
    """What ``script`` imports from other sections; of a text that is no Python nothing, as its run will tell."""
    return list(_imports_of(script, _state_of_chapter(script.parent)))


def _state_of_chapter(chapter: Path) -> str:
    """Hash of what decides which texts its scripts have; the states themselves, kept for each script, fill the memory."""
    states = [(path.name, state.st_size, state.st_mtime_ns) for path in scripts_of(chapter) for state in [path.stat()]]
    return hashlib.sha256(repr(states).encode()).hexdigest()


@cache  # the page of a script, those that import from it and the downloads ask for the same
def _imports_of(script: Path, _state: str) -> tuple[Imported, ...]:
    try:
        return tuple(chapter_of(script).imported(script.stem))
    except SyntaxError:
        return ()


def digest(script: Path) -> str:
    """What ``script`` imports from other sections, as text that changes with the code, not with comments or places."""
    pieces = [piece for imported in imports_of(script) for piece in imported.pieces]
    return "\n".join(f"{piece.section} {ast.dump(piece.statement.node)}" for piece in pieces)
