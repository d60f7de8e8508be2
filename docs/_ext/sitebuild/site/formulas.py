"""Formulas as MathML, made while building: a page loads no script and no image for them."""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import Converter
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform

from sitebuild.site import mathml_spacing

# What a page does not let a formula do: lead elsewhere, or bring a style of its own.
_REFUSED = {"href": r"\href", "style": r"\style"}
# Marks that may not begin a line; after a formula, browsers would let them.
_CLOSING_MARKS = re.compile(r"[,.;:!?)\]，。；：、！？）》”]+")


def to_mathml(latex: str, *, display: str) -> str:
    """MathML of a formula.

    Parameters
    ----------
    latex : str
        The formula, without dollar signs.
    display : str
        "inline" or "block".

    Raises
    ------
    ExtensionError
        If the formula cannot be read, or holds a link or a style.
    """
    try:
        formula = Converter(display=display).convert_to_element(latex)
    except Exception as error:  # latex2mathml has no common base class for its errors
        raise ExtensionError(f"formula {latex!r} cannot be read: {type(error).__name__} {error}") from error
    for element in formula.iter():
        for attribute in _REFUSED.keys() & element.attrib.keys():
            raise ExtensionError(f"formula {latex!r}: {_REFUSED[attribute]} is not allowed on a page")
        # It writes symbols as references to characters, which its own way of writing XML leaves as they
        # are, and with them every angle bracket of the formula.
        element.text = html.unescape(element.text or "")
    mathml_spacing.space(formula)
    return ElementTree.tostring(formula, encoding="unicode")


def forget_formulas(app: Sphinx) -> None:
    """Begin a build with no formula written; math_font reads what was when it ends."""
    app.written_formulas = set()


def _write(translator: Any, latex: str, display: str) -> str:
    formula = to_mathml(latex, display=display)
    translator.builder.app.written_formulas.add(formula)
    return formula


def visit_inline(translator: Any, node: nodes.math) -> None:
    """Write a formula within a sentence."""
    translator.body.append(_write(translator, node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula that stands by itself; a wide one scrolls.

    Formulas with a wide gap, ``\\qquad``, between them stand side by side where there is room for them.
    """
    parts = node.astext().strip().split(r"\qquad")
    formulas = "".join(_write(translator, part.strip(), "block") for part in parts)
    translator.body.append(f'<div class="math-block" tabindex="0">{formulas}</div>')
    raise nodes.SkipNode


class KeepFormulas(SphinxTransform):
    """Keep displayed formulas out of the catalogues: they are the same in every language."""

    default_priority = 5  # before Sphinx looks for messages (10)

    def apply(self, **kwargs: Any) -> None:
        """Mark every displayed formula."""
        for formula in self.document.findall(nodes.math_block):
            formula["translatable"] = False


class KeepMarksWithFormulas(SphinxPostTransform):
    """Put a formula and the marks behind it into one element of class ``formula-with-mark``, which is not broken."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Join every formula within a sentence and its marks."""
        for formula in list(self.document.findall(nodes.math)):
            siblings, place = formula.parent, formula.parent.index(formula) + 1
            following = siblings[place] if place < len(siblings) else None
            marks = _CLOSING_MARKS.match(following) if isinstance(following, nodes.Text) else None
            if marks is None:
                continue
            siblings[place] = nodes.Text(following[marks.end() :])
            joined = nodes.inline("", "", classes=["formula-with-mark"])
            formula.replace_self(joined)
            joined += [formula, nodes.Text(marks[0])]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer; ``html_math_renderer`` in conf.py selects it."""
    app.add_transform(KeepFormulas)
    app.add_post_transform(KeepMarksWithFormulas)
    app.connect("builder-inited", forget_formulas)
    app.add_html_math_renderer("static_mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
