"""What a lock file consists of: a head, and a block of lines for each package.

Read before there is an environment: standard library only.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

# For each file that people edit: the locks that are written from it.
LOCKS = {
    "requirements.txt": ("locks/build.txt", "locks/torch.txt", "locks/site.txt"),
    "tests/requirements.txt": ("locks/tests.txt",),
    "locks/requirements.txt": ("locks/tool.txt",),
}

Block = tuple[str, str]


def state(requirements: Path) -> str:
    """Hash of what a file asks for; its comments and empty lines do not count."""
    lines = [" ".join(line.partition("#")[0].split()) for line in requirements.read_text(encoding="utf-8").splitlines()]
    return hashlib.sha256("\n".join(filter(None, lines)).encode()).hexdigest()


def head(root: Path, requirements: str) -> str:
    """First lines of a lock file that is written from the file ``requirements``."""
    return (
        f"# Written by 'make lock' from {requirements}: change that one instead.\n"
        f"# What it asked for then: {state(root / requirements)}\n\n"
    )


def blocks(text: str) -> list[Block]:
    """Blocks of a lock file: the name of the package, and its lines.

    Parameters
    ----------
    text : str
        The file. A block begins at the margin; the hashes below it are indented.
    """
    found: list[Block] = []
    for line in text.splitlines(keepends=True):
        if line.startswith(" "):
            name, lines = found.pop()
            found.append((name, lines + line))
        elif line.strip() and not line.startswith("#"):
            found.append((line.partition("==")[0], line))
    return found
