"""Tells, before anything is installed, which lock files do not belong to the requirements.

Runs before there is an environment: standard library only.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lock_file import LOCKS, head

PROJECT = Path(__file__).parents[1]


def find_outdated(root: Path) -> list[str]:
    """One line on each lock file below ``root`` that 'make lock' would have to write."""
    problems = []
    for requirements, names in LOCKS.items():
        expected = head(root, requirements)
        for name in names:
            path = root / name
            if not path.exists():
                problems.append(f"{name}: this file is missing; run 'make lock'")
            elif not path.read_text(encoding="utf-8").startswith(expected):
                problems.append(f"{name}: {requirements} has changed since this file was written from it; run 'make lock'")
    return problems


def main() -> int:
    """Print what is found; return the exit status."""
    problems = find_outdated(PROJECT)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
