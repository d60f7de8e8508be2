"""``make clean``: removes everything that builds made, but not the environment. Needs no environment either."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sitebuild.building.lock import only_build
from sitebuild.examples.build_error import exit_status

MADE = ("build", "docs/*/.generated", "docs/locale/**/*.mo")


def remove(path: Path) -> None:
    """Remove a file, a folder with what is in it, or a link but not what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def main(_arguments: list[str]) -> None:
    """Clean the checkout."""
    root = Path.cwd()
    with only_build(root):
        for path in [found for pattern in MADE for found in sorted(root.glob(pattern))]:
            remove(path.parent if path.name == ".generated" else path)


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
