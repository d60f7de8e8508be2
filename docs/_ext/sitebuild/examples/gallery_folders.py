"""Which folders hold examples: those that conf.py names, and within them the subsections that Sphinx-Gallery looks into."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError
from sphinx_gallery.utils import iter_gallery_header_filenames

INDEX = "index.rst"
_NAMED_IN = ("examples_dirs", "gallery_dirs")


def name_of(path: Path) -> str:
    """A script or a folder as messages call it: seen from where the build was started, if that is near."""
    near = Path(os.path.relpath(path)).as_posix()
    return path.as_posix() if near.startswith("../../") else near


@cache
def _resolved(source: Path, name: str) -> Path:
    return (source / name).resolve()


def named_folders(source: Path, conf: Mapping[str, Any]) -> list[tuple[Path, Path]]:
    """Folders of scripts, each with its folder of generated pages; conf.py may name a single one by a string.

    Parameters
    ----------
    source : Path
        Folder of the documents.
    conf : mapping
        Settings of Sphinx-Gallery.

    Raises
    ------
    ExtensionError
        If conf.py does not name a folder for pages for each folder of scripts.
    """
    scripts, pages = ([conf[name]] if isinstance(conf[name], str | Path) else list(conf[name]) for name in _NAMED_IN)
    if len(scripts) != len(pages):
        raise ExtensionError(
            f"conf.py: examples_dirs names {len(scripts)} folders, gallery_dirs {len(pages)}; name each chapter in both"
        )
    return [(_resolved(source, one), _resolved(source, other)) for one, other in zip(scripts, pages, strict=True)]


def takes_index(conf: Mapping[str, Any]) -> bool:
    """Whether Sphinx-Gallery copies the ``index.rst`` of a folder."""
    return bool(conf["copyfile_regex"]) and re.match(conf["copyfile_regex"], INDEX) is not None


def header_of(folder: Path, conf: Mapping[str, Any]) -> Path | None:
    """The file that introduces a folder of scripts: its own ``index.rst``, or ``GALLERY_HEADER.rst`` and the like."""
    names = [INDEX] * takes_index(conf) + list(iter_gallery_header_filenames(conf))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _folders_in(folder: Path) -> list[Path]:
    hidden = ("__pycache__", ".")
    return [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(hidden)]


def subsections(folder: Path, conf: Mapping[str, Any]) -> list[Path]:
    """Folders in ``folder`` with a header, by name; none where ``folder`` has an ``index.rst``, which knows its pages."""
    header = header_of(folder, conf)
    if header is None or header.name == INDEX:
        return []
    found = [(each, header_of(each, conf)) for each in _folders_in(folder)]
    return [each for each, its_own in found if its_own is not None and its_own.name != INDEX]


def _left_out(folder: Path, entered: list[Path]) -> list[Path]:
    """Folders in ``folder`` whose scripts nobody would run; a package is there to be imported."""
    others = [each for each in _folders_in(folder) if each not in entered and not (each / "__init__.py").exists()]
    return [each for each in others if next(each.rglob("*.py"), None)]


def folder_faults(scripts: Path, conf: Mapping[str, Any]) -> list[str]:
    """What is wrong with a folder that conf.py names for scripts."""
    name, header = name_of(scripts), header_of(scripts, conf)
    if header is None:
        missing = f"{name}/{INDEX if takes_index(conf) else 'GALLERY_HEADER.rst'} is missing; conf.py names that chapter"
        if not takes_index(conf) and (scripts / INDEX).is_file():
            missing += f"; {INDEX} is used only with 'copyfile_regex': r'index\\.rst' in sphinx_gallery_conf"
        return [missing]
    if header.name == INDEX:
        return [
            f"{name_of(nested)}: a chapter has no folders in it; move its scripts to "
            f"{name}, or to a chapter of its own, named in conf.py, and remove the folder"
            for nested in _folders_in(scripts)[:1]
        ]
    entered = subsections(scripts, conf)
    return [
        f"{name_of(each)}: its scripts would not run; write a GALLERY_HEADER.rst for it, or move them to {name}"
        for each in _left_out(scripts, entered)
    ] + [
        f"{name_of(each)}: its scripts would not run; Sphinx-Gallery looks one folder deep: move them to {name_of(folder)}"
        for folder in entered
        for each in _left_out(folder, [])
    ]
