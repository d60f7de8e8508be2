"""``error-search``: a large search box for an error message, the same form as that at the top of each page."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective


class error_search_node(nodes.General, nodes.Element):
    """The box."""


class ErrorSearch(SphinxDirective):
    """Place the box."""

    def run(self) -> list[nodes.Node]:
        """Read nothing: the phrases are those of the interface."""
        return [error_search_node()]


def visit_search(translator: Any, node: error_search_node) -> None:
    """Write the form, whose template also stands at the top of each page and knows the same names there."""
    builder, page = translator.builder, translator.builder.current_docname
    context = {
        "content_root": "../" * page.count("/") or "./",
        "pathto": lambda other: builder.get_relative_uri(page, other),
        "hasdoc": lambda other: other in builder.env.all_docs,
        "search_label": escape(_("Search for an error message")),
        "search_hint": escape(_("Paste the error message")),
    }
    translator.body.append(builder.templates.render("search-form.html", context))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(error_search_node, html=(visit_search, None), gettext=(lambda translator, node: None, None))
    app.add_directive("error-search", ErrorSearch)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
