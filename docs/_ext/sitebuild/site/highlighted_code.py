"""Writes code blocks of examples without a detour: Sphinx-Gallery makes an element of each of their thousands of tokens."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_gallery import _doctree_links as gallery

_TEXT = "x"


def _class_of(node: nodes.Node) -> str:
    """The class of a token; "" for anything that is more than a text with one class."""
    is_token = type(node) is nodes.inline and len(node.children) == 1 and isinstance(node.children[0], nodes.Text)
    own = {name: value for name, value in node.attributes.items() if value} if is_token else {}
    return own["classes"][0] if own.keys() == {"classes"} and len(own["classes"]) == 1 else ""


def _around(translator: Any, name: str) -> tuple[str, str]:
    """What the translator itself writes before and after a token of a class; asked once for each class."""
    known = translator.builder.app.token_tags
    if name not in known:
        before = len(translator.body)
        nodes.inline("", _TEXT, classes=[name]).walkabout(translator)
        written = "".join(translator.body[before:])
        del translator.body[before:]
        start, _text, end = written.rpartition(f">{_TEXT}<")
        known[name] = f"{start}>", f"<{end}"
    return known[name]


def visit_code(translator: Any, node: gallery.code_links_block) -> None:
    """Write the block; links, and whatever else is in it, by themselves."""
    gallery.visit_code_links_block_html(translator, node)
    for child in node.children:
        if name := _class_of(child):
            start, end = _around(translator, name)
            translator.body.append(f"{start}{translator.encode(child.astext())}{end}")
        else:
            child.walkabout(translator)
    gallery.depart_code_links_block_html(translator, node)
    raise nodes.SkipNode


def forget_tags(app: Sphinx) -> None:
    """Begin a build without a tag."""
    app.token_tags = {}


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx-Gallery's own way to write the blocks."""
    app.setup_extension("sphinx_gallery.gen_gallery")
    app.connect("builder-inited", forget_tags)
    app.add_node(gallery.code_links_block, override=True, html=(visit_code, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
