"""Puts a finished site in the place of the last one."""

from __future__ import annotations

import shutil
from pathlib import Path

# Traces of the build that no reader asks for.
UNPUBLISHED = (".buildinfo", ".buildinfo.bak", "objects.inv", "*.map", "*.LICENSE.txt")


def replace_site(staged: Path, site: Path, languages: list[str]) -> None:
    """Copy ``staged`` beside ``site`` and exchange the two by renaming.

    Parameters
    ----------
    staged : Path
        Folder that is kept from build to build; it may hold languages of earlier ones.
    site : Path
        Folder that is served.
    languages : list of str
        The languages to publish.
    """
    new, old = site.with_name("html.new"), site.with_name("html.old")
    if old.exists() and not site.exists():
        old.rename(site)  # an earlier build ended between its two renames
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    for language in languages:
        shutil.copytree(staged / language, new / language, ignore=shutil.ignore_patterns(*UNPUBLISHED))
    shutil.copy(staged / "index.html", new / "index.html")
    if site.exists():
        site.rename(old)
    new.rename(site)
    shutil.rmtree(old, ignore_errors=True)
