"""Puts a finished site in the place of the last one."""

from __future__ import annotations

import shutil
from pathlib import Path

# Traces of the build that no reader asks for.
UNPUBLISHED = (".buildinfo", ".buildinfo.bak", "objects.inv", "*.map", "*.LICENSE.txt")


def assemble(staged: Path, site: Path, languages: list[str]) -> Path:
    """Copy what is to be published to a new folder beside ``site``, and return it.

    Parameters
    ----------
    staged : Path
        Folder that is kept from build to build; it may hold languages of earlier ones.
    site : Path
        Folder that is served.
    languages : list of str
        The languages to publish.
    """
    new = site.with_name("html.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for language in languages:
        shutil.copytree(staged / language, new / language, ignore=shutil.ignore_patterns(*UNPUBLISHED))
    return new


def exchange(new: Path, site: Path) -> None:
    """Put ``new`` in the place of ``site`` by renaming."""
    old = site.with_name("html.old")
    if old.exists() and not site.exists():
        old.rename(site)  # an earlier build ended between its two renames
    shutil.rmtree(old, ignore_errors=True)
    if site.exists():
        site.rename(old)
    new.rename(site)
    shutil.rmtree(old, ignore_errors=True)
