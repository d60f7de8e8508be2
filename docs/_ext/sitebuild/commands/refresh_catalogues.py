"""``make gettext``: brings the catalogues of some languages up to date with the sources."""

from __future__ import annotations

import sys
from pathlib import Path

from sitebuild.building.folders import WORK
from sitebuild.building.lock import only_build
from sitebuild.building.sphinx_build import SphinxBuild, sphinx
from sitebuild.examples.build_error import exit_status
from sitebuild.site import build_date
from sitebuild.translation.catalogues import INTERFACE
from sitebuild.translation.refresh import refresh


def main(languages: list[str]) -> None:
    """Refresh the catalogues of ``languages``."""
    root = Path.cwd()
    templates = root / WORK / "gettext"
    build_date.build_seconds()  # before anything runs
    with only_build(root):
        sphinx(root, SphinxBuild("gettext", "en", templates), ["en"], [])
    (templates / f"{INTERFACE}.pot").unlink(missing_ok=True)  # has a catalogue of its own, made by refresh
    for language in languages:
        print(*refresh(root, templates, language), sep="\n")


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
