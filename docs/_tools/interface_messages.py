"""Collects the phrases of the interface: those of our extensions and templates, and the theme's."""

from __future__ import annotations

import runpy
from pathlib import Path

from babel.messages.extract import extract_from_dir, extract_from_file

# Templates of the theme that our pages are made from.
THEME_TEMPLATES = ("base.html", "page.html", "sidebar/navigation.html", "sidebar/brand.html")
KEYWORDS = {"_": None, "gettext": None}


def collect(root: Path) -> tuple[set[str], set[str]]:
    """Phrases that have to be translated before a page is.

    Parameters
    ----------
    root : Path
        Root of the project.

    Returns
    -------
    own : set of str
        Phrases of this project.
    borrowed : set of str
        Phrases of the theme; Sphinx's own catalogue may know them.
    """
    import furo

    own = {runpy.run_path(str(root / "conf.py"))["html_title"]}
    for folder, pattern, method in (("_ext", "**.py", "python"), ("_templates", "**.html", "jinja2")):
        found = extract_from_dir(str(root / "docs" / folder), [(pattern, method)], keywords=KEYWORDS)
        own.update(str(entry[2]) for entry in found)
    borrowed: set[str] = set()
    for name in THEME_TEMPLATES:
        found = extract_from_file("jinja2", furo.THEME_PATH / name, keywords=KEYWORDS)
        borrowed.update(str(entry[1]) for entry in found)
    return own, borrowed
