"""Tells whether anything has changed since the site was built, or in the site itself."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

INPUTS = ("docs", "gallery", "conf.py", "requirements.txt", "locks")
COMPILED = {".mo", ".pyc"}


def _hash_files(files: Iterable[Path]) -> str:
    """Hash of files by name, size and time of change."""
    entries = []
    for file in sorted(file for file in files if file.is_file()):
        status = file.stat()
        entries.append(f"{file} {status.st_size} {status.st_mtime_ns}")
    return _hash_lines(entries)


def _hash_lines(lines: Iterable[str]) -> str:
    # Names of files may be no text; Python then holds their bytes as surrogates.
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def is_generated(file: Path, root: Path) -> bool:
    """Whether ``file`` lies in a folder of ``docs`` that the gallery fills."""
    parts = file.relative_to(root).parts
    return len(parts) > 2 and parts[0] == "docs" and not parts[1].startswith("_") and parts[1] != "locale"


def is_edited_by_people(file: Path, root: Path) -> bool:
    """Whether ``file``, which lies in one of ``INPUTS``, is no file that a build writes."""
    return file.suffix not in COMPILED and not is_generated(file, root)


def input_files(root: Path) -> Iterator[Path]:
    """All files from which the site is made, generated ones too."""
    for name in INPUTS:
        for file in [root / name] if (root / name).is_file() else (root / name).rglob("*"):
            if file.suffix not in COMPILED and file.is_file():
                yield file


def fingerprint_programs() -> str:
    """State of the programs that draw and render."""
    return _hash_files([Path(sys.executable).resolve(), Path(shutil.which("dot") or "dot").resolve()])


def fingerprint_inputs(root: Path, options: list[str]) -> tuple[str, str]:
    """State of all that people edit, of options and programs; and that of the generated pages and results.

    Lost results have to be made again.
    """
    files = list(input_files(root))
    generated = {file for file in files if is_generated(file, root)}
    sources = _hash_files(file for file in files if file not in generated)
    return sources + fingerprint_programs() + repr(options), _hash_files(generated)


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
