"""Collects the phrases of the interface: those of our extensions and templates, and the theme's."""

from __future__ import annotations

import gettext
import io
import re
import runpy
from pathlib import Path

from babel.messages.extract import extract, extract_from_dir

# Templates of the theme that our pages are made from. The footer of page.html is ours.
THEME_TEMPLATES = ("base.html", "page.html", "sidebar/navigation.html")
_REPLACED = re.compile(rb"\{% block footer %\}.*?\{% endblock footer %\}", re.DOTALL)
KEYWORDS = {"_": None, "gettext": None}


def _own_phrases(root: Path) -> set[str]:
    phrases = {runpy.run_path(str(root / "conf.py"))["html_title"]}
    for folder, pattern, method in (("_ext", "**.py", "python"), ("_templates", "**.html", "jinja2")):
        found = extract_from_dir(str(root / "docs" / folder), [(pattern, method)], keywords=KEYWORDS)
        phrases.update(str(entry[2]) for entry in found)
    return phrases


def _theme_phrases() -> set[str]:
    import furo

    phrases: set[str] = set()
    for name in THEME_TEMPLATES:
        template = _REPLACED.sub(b"", (furo.THEME_PATH / name).read_bytes())
        phrases.update(str(entry[1]) for entry in extract("jinja2", io.BytesIO(template), KEYWORDS))
    return phrases


def collect(root: Path, language: str) -> set[str]:
    """Phrases that the interface's catalogue of ``language`` has to translate.

    Those of the theme are among them only where Sphinx's own catalogue does not know them.

    Parameters
    ----------
    root : Path
        Root of the project.
    language : str
        Code such as "zh_CN".
    """
    import sphinx

    folder = Path(sphinx.__file__).parent / "locale"
    bundled = gettext.translation("sphinx", folder, [language], fallback=True)
    return _own_phrases(root) | {text for text in _theme_phrases() if bundled.gettext(text) == text}
