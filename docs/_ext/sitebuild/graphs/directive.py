"""``autograd-graph``: a stored graph as an inline drawing with a description in words."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.examples.result_file import result_file
from sitebuild.graphs import record as graph_record
from sitebuild.graphs import words as graph_words
from sitebuild.graphs.drawing import draw_cached, drawing_cache
from sitebuild.graphs.record import Graph


class autograd_graph_node(nodes.General, nodes.Element):
    """A drawing; its file is kept so that each language can describe it."""


class graph_legend_node(nodes.General, nodes.Element):
    """The legend: what the colours and the arrows mean."""


class AutogradGraph(SphinxDirective):
    """Show the graph stored in a file beside the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read nothing yet: only note on which file the page depends."""
        return [autograd_graph_node(file=result_file(self))]


class GraphLegend(SphinxDirective):
    """Explain colours and arrows."""

    def run(self) -> list[nodes.Node]:
        """Place the legend."""
        return [graph_legend_node()]


def add_words(drawing: str, graph: Graph) -> str:
    """Write on each node of a drawing what it is, for the script that shows it."""

    def described(match: re.Match[str]) -> str:
        return f'{match[0]} data-about="{escape(graph_words.about(graph, graph.nodes[int(match[1])]))}"'

    return re.sub(r'data-node="(\d+)"', described, drawing)


def _legend(graph: Graph) -> str:
    items = "".join(
        f'<li><span class="swatch {kind}" aria-hidden="true"></span>{escape(text)}</li>'
        for kind, text in graph_words.legend(graph)
    )
    return f'<ul class="graph-key">{items}</ul>'


def _viewer() -> str:
    """An empty window for the graph in full size; graph_viewer.js fills it."""
    buttons = [
        ("in", "+", _("Zoom in")),
        ("out", "−", _("Zoom out")),
        ("fit", "1:1", _("Show all")),
        ("close", "×", _("Close")),
    ]
    tools = "".join(
        f'<button type="button" data-do="{action}" aria-label="{escape(label)}" title="{escape(label)}">{sign}</button>'
        for action, sign, label in buttons
    )
    name = _("Graph in full size")
    return (
        f'<dialog class="graph-viewer" aria-label="{escape(name)}">'
        f'<div class="graph-tools">{tools}</div><div class="graph-stage"></div>'
        '<p class="graph-about" aria-live="polite"></p></dialog>'
    )


def render(path: Path, cache: Path) -> str:
    """The drawing of the graph in a file, as a figure with title, description and legend."""
    graph = graph_record.load(path)
    identifier = path.name.removesuffix(".json").replace(".", "-")
    opening, rest = add_words(draw_cached(path, cache), graph).split(">", 1)
    accessible = (
        f'{opening} role="img" aria-labelledby="{identifier}-title {identifier}-text">'
        f'<title id="{identifier}-title">{escape(graph_words.title(graph))}</title>'
        f'<desc id="{identifier}-text">{escape(graph_words.description(graph))}</desc>{rest}'
    )
    hint = _("Point at a node, touch it, or step through them with the arrow keys to see where each leads.")
    enlarge = _("Full size")
    return (
        f'<figure class="autograd-graph"><div class="graph-scroll" tabindex="0">{accessible}</div>'
        f'<figcaption>{_legend(graph)}<button type="button" class="graph-enlarge">{escape(enlarge)}</button>'
        f'<p class="graph-about" aria-live="polite">{escape(hint)}</p></figcaption>{_viewer()}</figure>'
    )


def visit_graph(translator: Any, node: autograd_graph_node) -> None:
    """Write the figure."""
    translator.body.append(render(Path(node["file"]), drawing_cache(translator.builder.app)))
    raise nodes.SkipNode


def visit_legend(translator: Any, node: graph_legend_node) -> None:
    """Write the legend."""
    entries = [
        ("leaf", _("a leaf tensor that requires grad: gradients accumulate here")),
        ("tensor", _("a tensor we named: x, out, grad_x")),
        ("saved", _("a tensor saved for backward")),
        ("operation", _("an operation, called by the node that computes its backward")),
    ]
    items = "".join(
        f'<li><span class="swatch {kind}" aria-hidden="true"></span>{escape(text)}</li>'
        for kind, text in entries
    )
    arrows = _(
        "Arrows point the way the values were computed; backward walks against them. "
        "A dashed line without an arrow joins a saved tensor to the operation that keeps it."
    )
    translator.body.append(f'<div class="graph-legend"><ul>{items}</ul><p>{escape(arrows)}</p></div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    skip = (lambda translator, node: None, None)
    app.add_node(autograd_graph_node, html=(visit_graph, None), gettext=skip)
    app.add_node(graph_legend_node, html=(visit_legend, None), gettext=skip)
    app.add_directive("autograd-graph", AutogradGraph)
    app.add_directive("graph-legend", GraphLegend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
