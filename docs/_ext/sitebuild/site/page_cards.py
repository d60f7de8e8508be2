"""``page-cards``: links to pages as cards, with their own titles and a graph or plot of theirs.

Titles and texts are taken from the documents, so that they are translated with them.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from sitebuild.graphs.directive import autograd_graph_node
from sitebuild.graphs.drawing import draw_cached, drawing_cache
from sitebuild.plots import record as plot_record
from sitebuild.plots.directive import example_plot_node
from sitebuild.site.page_metadata import describe


class page_cards_node(nodes.General, nodes.Element):
    """The cards; ``pages`` holds the names of the documents."""


class PageCards(SphinxDirective):
    """Show the pages named in the content, one a line, as cards."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Note that this page shows parts of the others."""
        pages = [line.strip() for line in self.content if line.strip()]
        for page in pages:
            if page not in self.env.found_docs:
                raise self.error(f"there is no page {page!r} to make a card of")
            self.env.note_dependency(self.env.doc2path(page))
        return [page_cards_node(pages=pages)]


def first_picture(app: Sphinx, page: str) -> str:
    """SVG of the first graph or plot on ``page``, or on the first page below it that has one; "" if none."""
    for node in app.env.get_doctree(page).findall(nodes.Element):
        if isinstance(node, autograd_graph_node):
            return draw_cached(Path(node["file"]), drawing_cache(app))
        if isinstance(node, example_plot_node):
            return plot_record.load(Path(node["file"])).svg
    pictures = (first_picture(app, child) for child in app.env.toctree_includes.get(page, []))
    return next(filter(None, pictures), "")


def visit_cards(translator: Any, node: page_cards_node) -> None:
    """Write the cards."""
    builder = translator.builder
    cards = []
    for page in node["pages"]:
        picture = first_picture(builder.app, page)
        thumbnail = f'<span class="thumbnail" aria-hidden="true">{picture}</span>' if picture else ""
        cards.append(
            f'<a class="page-card" href="{escape(builder.get_relative_uri(builder.current_docname, page))}">'
            f"{thumbnail}"
            f'<span class="card-text"><span class="card-title">{escape(builder.env.titles[page].astext())}</span>'
            f'<span class="card-summary">{escape(describe(builder.env.get_doctree(page), builder.env))}</span></span></a>'
        )
    translator.body.append(f'<div class="page-cards" data-search-ignore>{"".join(cards)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(page_cards_node, html=(visit_cards, None), gettext=(lambda translator, node: None, None))
    app.add_directive("page-cards", PageCards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
