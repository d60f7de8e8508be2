"""A chapter of the gallery as a set of scripts that import from each other."""

from __future__ import annotations

from pathlib import Path

from completed_script import complete
from imported_definitions import Chapter


def chapter_of(script: Path) -> Chapter:
    """The chapter of ``script``, read as it stands now."""
    sections = sorted(path.stem for path in script.parent.glob("*.py"))
    return Chapter(sections, lambda section: (script.parent / f"{section}.py").read_text(encoding="utf-8"))


def completed(script: Path) -> str:
    """The text of ``script`` with what it imports from other sections in the place of the imports."""
    return complete(chapter_of(script), script.stem, lambda section: f"# {section}.py")
