"""Tells whether anything has changed since the site was built."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

INPUTS = ("docs", "gallery", "conf.py", "requirements.txt", "locks")


def _hash_files(files: Iterable[Path]) -> str:
    """Hash of files by name, size and time of change."""
    entries = []
    for file in sorted(files):
        if file.is_file() and file.suffix not in {".mo", ".pyc"}:
            status = file.stat()
            entries.append(f"{file} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(entries).encode()).hexdigest()


def _is_generated(file: Path, root: Path) -> bool:
    """Whether ``file`` lies in a folder of ``docs`` that the gallery fills."""
    parts = file.relative_to(root).parts
    return len(parts) > 2 and parts[0] == "docs" and not parts[1].startswith("_") and parts[1] != "locale"


def fingerprint_sources(root: Path, options: list[str]) -> str:
    """State of all that people edit, of the options, and of the programs that draw and render."""
    files = [file for name in INPUTS for file in ([root / name] if (root / name).is_file() else (root / name).rglob("*"))]
    programs = [Path(sys.executable).resolve(), Path(shutil.which("dot") or "dot").resolve()]
    return _hash_files([*(file for file in files if not _is_generated(file, root)), *programs]) + repr(options)


def fingerprint_results(root: Path) -> str:
    """State of the generated pages and results: lost ones have to be made again."""
    return _hash_files(file for file in (root / "docs").rglob("*") if _is_generated(file, root))
