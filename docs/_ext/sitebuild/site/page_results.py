"""``page-results``: the first graph of another page and what its checks said, with a caption.

They are taken from what the example of that page left when it ran, so they are as current as the
page itself.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from sitebuild.checks.directive import address_of_check, outcome
from sitebuild.checks.of_site import all_records
from sitebuild.graphs.directive import autograd_graph_node, render
from sitebuild.graphs.drawing import drawing_cache


class page_results_node(nodes.General, nodes.Element):
    """What the page ``page`` shows; the caption is inside."""


class PageResults(SphinxDirective):
    """Show the results of the page named by the argument; the content is the caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Note that this page shows a part of the other."""
        page = self.arguments[0]
        if page not in self.env.found_docs:
            raise self.error(f"there is no page {page!r} whose results could be shown")
        self.env.note_dependency(self.env.doc2path(page))
        return [page_results_node("", *self.parse_content_to_nodes(), page=page)]


def first_graph(app: Sphinx, page: str) -> Path:
    """File of the first graph of a page.

    Raises
    ------
    ExtensionError
        If there is none.
    """
    graph = next(app.env.get_doctree(page).findall(autograd_graph_node), None)
    if graph is None:
        raise ExtensionError(f"{page}: page-results needs a page with a graph, and this one has none; name another")
    return Path(graph["file"])


def visit_results(translator: Any, node: page_results_node) -> None:
    """Write the graph, and beside it a line for each check; the caption follows."""
    builder, page = translator.builder, node["page"]
    lines = ""
    for position, record in enumerate(all_records(builder.app).get(page, []), 1):
        kind, words = outcome(record)
        lines += (
            f'<li class="check {kind}"><a href="{escape(address_of_check(builder, page, position))}">'
            f"<code>{escape(record.check)}</code> <code>{escape(record.function)}</code></a> "
            f"<strong>{escape(words)}</strong></li>"
        )
    graph = render(first_graph(builder.app, page), drawing_cache(builder.app))
    translator.body.append(f'<div class="page-results">{graph}<div class="told"><ul class="gradient-checks">{lines}</ul>')


def depart_results(translator: Any, node: page_results_node) -> None:
    """Close what :func:`visit_results` opened."""
    translator.body.append("</div></div>")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    nothing = lambda translator, node: None  # noqa: E731
    app.add_node(page_results_node, html=(visit_results, depart_results), gettext=(nothing, nothing))
    app.add_directive("page-results", PageResults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
