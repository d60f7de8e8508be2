"""Brings the font of the formulas: STIX Two Math, cut down to the characters that are used.

Without it a reader's machine may have no mathematical font at all. One file serves every page
of a language; nothing is fetched from elsewhere. The font (SIL Open Font License) comes with
the package ziamath.
"""

from __future__ import annotations

import html
import re
import unicodedata
from importlib import metadata
from pathlib import Path
from typing import Any

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

# Browsers show a single letter as its counterpart in these alphabets.
ITALIC = "MATHEMATICAL ITALIC"
# A hyphen is shown as a minus sign, and the sign of a root is not in the text.
DRAWN = "−√"
FILE = "_static/math.woff2"
_TAG = re.compile(r"<[^>]*>")


def italic(letter: str) -> str:
    """Counterpart of ``letter`` in the italic alphabet of mathematics; "" if there is none."""
    try:
        name = unicodedata.name(letter).replace("GREEK ", "").replace("LATIN ", "")
        name = name.replace(" LETTER", "")
        return unicodedata.lookup(f"{ITALIC} {name}")
    except (KeyError, ValueError):
        return "ℎ" if letter == "h" else ""


def characters(formulas: set[str]) -> set[str]:
    """All characters that browsers need to show ``formulas`` (MathML)."""
    plain = set(DRAWN).union(*(html.unescape(_TAG.sub("", formula)) for formula in formulas))
    return plain | {counterpart for letter in plain if (counterpart := italic(letter))}


def cut(font_file: Path, wanted: set[str], target: Path) -> None:
    """Write a copy of ``font_file`` that holds ``wanted`` and what formulas are built of.

    The same characters give the same bytes: no time is written into the font. Its names, and with
    them its licence, stay in it. Its second and third drawings of each letter, for indices of
    indices, do not: they would double its size.
    """
    font = TTFont(font_file, recalcTimestamp=False)
    options = subset.Options(flavor="woff2", layout_features=["flac", "dtls"], name_IDs=["*"], hinting=False, desubroutinize=True)
    options.recalc_timestamp = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(wanted)))
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(target)


def write_font(app: Sphinx, exception: Exception | None) -> None:
    """Cut the font for the formulas of this build."""
    if exception is None and app.builder.format == "html":
        # Located without an import of the package, which would take longer than the cutting.
        font_file = Path(metadata.distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf"))
        cut(font_file, characters(app.written_formulas), Path(app.outdir) / FILE)


def preload_font(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let a page with formulas ask for the font at once: one that comes late moves the text."""
    formulas = (nodes.math, nodes.math_block)
    if doctree is not None and any(isinstance(node, formulas) for node in doctree.findall(nodes.Element)):
        context["preloaded_font"] = f"{context['content_root']}{FILE}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the pages, and to the end of the build, when all formulas are known."""
    app.connect("html-page-context", preload_font)
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
