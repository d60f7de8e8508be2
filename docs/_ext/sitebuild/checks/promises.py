"""Finds checks that a script calls and that nobody has recorded: its page would promise what it does not show."""

from __future__ import annotations

import ast
from pathlib import Path

from sitebuild.checks.record import CheckRecord
from sitebuild.examples.gallery import scripts_of
from sitebuild.examples.gallery_folders import name_of

CHECKS = ("gradcheck", "gradgradcheck", "opcheck")


def _called(source: str) -> dict[str, int]:
    """Checks that the text of a script calls, each with the first line of a call."""
    lines: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CHECKS:
                lines[name] = min(node.lineno, lines.get(name, node.lineno))
    return lines


def find_broken(chapter: Path, by_script: dict[str, list[CheckRecord]]) -> list[str]:
    """Checks that are called and not recorded in the scripts of ``chapter``, one line each."""
    broken = []
    for script in scripts_of(chapter):
        recorded = {record.check for record in by_script.get(script.stem, [])}
        for name, line in _called(script.read_text(encoding="utf-8")).items():
            if name not in recorded:
                broken.append(
                    f"{name_of(script)}:{line}: {name} is called, but no check was recorded; "
                    "call the one of torch, in the process of the script"
                )
    return broken
