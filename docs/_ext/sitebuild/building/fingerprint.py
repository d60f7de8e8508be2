"""Tells whether anything has changed since the site was built, or in the site itself."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

INPUTS = ("docs", "gallery", "conf.py", "requirements.txt", "locks")


def _hash_files(files: Iterable[Path]) -> str:
    """Hash of files by name, size and time of change."""
    entries = []
    for file in sorted(files):
        if file.is_file() and file.suffix not in {".mo", ".pyc"}:
            status = file.stat()
            entries.append(f"{file} {status.st_size} {status.st_mtime_ns}")
    return _hash_lines(entries)


def _hash_lines(lines: Iterable[str]) -> str:
    # Names of files may be no text; Python then holds their bytes as surrogates.
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def _is_generated(file: Path, root: Path) -> bool:
    """Whether ``file`` lies in a folder of ``docs`` that the gallery fills."""
    parts = file.relative_to(root).parts
    return len(parts) > 2 and parts[0] == "docs" and not parts[1].startswith("_") and parts[1] != "locale"


def is_edited_by_people(file: Path, root: Path) -> bool:
    """Whether ``file``, which lies in one of ``INPUTS``, is no file that a build writes."""
    return file.suffix not in {".mo", ".pyc"} and not _is_generated(file, root)


def fingerprint_sources(root: Path, options: list[str]) -> str:
    """State of all that people edit, of the options, and of the programs that draw and render."""
    files = [file for name in INPUTS for file in ([root / name] if (root / name).is_file() else (root / name).rglob("*"))]
    programs = [Path(sys.executable).resolve(), Path(shutil.which("dot") or "dot").resolve()]
    return _hash_files([*(file for file in files if not _is_generated(file, root)), *programs]) + repr(options)


def fingerprint_results(root: Path) -> str:
    """State of the generated pages and results: lost ones have to be made again."""
    return _hash_files(file for file in (root / "docs").rglob("*") if _is_generated(file, root))


def _entries(folder: Path) -> Iterator[str]:
    """All that lies in ``folder``: of files and links name, kind and rights, size and time of change, of folders the name."""
    with os.scandir(folder) as found:
        for entry in found:
            status = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                yield f"{entry.path} {status.st_mode}"
                yield from _entries(Path(entry))
            else:
                yield f"{entry.path} {status.st_mode} {status.st_size} {status.st_mtime_ns}"


def fingerprint_site(site: Path) -> str:
    """State of the published files: changed, lost and added ones are a reason to build."""
    return _hash_lines(sorted(_entries(site))) if site.is_dir() else ""
