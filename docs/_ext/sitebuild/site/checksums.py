"""Writes the hashes of all files of a finished site, so that anybody can compare it with a build of their own."""

from __future__ import annotations

import hashlib
from pathlib import Path

NAME = "SHA256SUMS"


def write(site: Path) -> None:
    """List every file below ``site`` with its hash, as ``sha256sum`` does; to be called when all of them are there.

    Parameters
    ----------
    site : Path
        Folder of the finished site. The list is written to its root; it does not contain itself.
    """
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    lines = [f"{_hash(site / name)}  {name}\n" for name in names if name != NAME]
    (site / NAME).write_text("".join(lines), encoding="utf-8", newline="\n")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
