"""Files that pages load as they are: copied into the finished site, whenever the pages were rendered."""

from __future__ import annotations

import shutil
from pathlib import Path

FOLDER = "docs/_static"
# Sphinx copies such files as they are; of others it may make something else.
_COPIED = {".css", ".js", ".mjs", ".svg", ".png", ".woff2"}


def is_copied(path: str) -> bool:
    """Whether the file ``path`` of the project gets onto the site as it is, and into nothing else."""
    return path.startswith(f"{FOLDER}/") and Path(path).suffix in _COPIED


def refresh(root: Path, new: Path) -> None:
    """Bring the copies in ``new``, a language of the finished site, to what the files of the project ``root`` are now."""
    source = root / FOLDER
    for file in source.rglob("*"):
        target = new / "_static" / file.relative_to(source)
        if is_copied(file.relative_to(root).as_posix()) and file.is_file() and target.is_file():
            shutil.copyfile(file, target)
