"""Shows a plot that an example drew, described in the language of the page."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.examples.result_file import result_file
from sitebuild.plots.record import Plot, load


class example_plot_node(nodes.General, nodes.Element):
    """A plot."""


class ExamplePlot(SphinxDirective):
    """Show the plot in a file beside the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Place the plot; it is written with the page."""
        return [example_plot_node(file=result_file(self))]


def describe(plot: Plot) -> str:
    """Text in place of the picture: axes, and where each line begins and ends."""
    axes = _("Plot of {y} over {x}").format(y=plot.y, x=plot.x)
    line = _("{label}: from {first} to {last}")
    lines = [
        line.format(label=each.label, first=f"{each.first:.4g}", last=f"{each.last:.4g}")
        for each in plot.lines
    ]
    return _("; ").join([axes, *lines]) + _(".")


def visit_plot(translator: Any, node: example_plot_node) -> None:
    """Write the SVG into the page."""
    plot = load(Path(node["file"]))
    svg = plot.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(describe(plot))}" ', 1)
    translator.body.append(f'<figure class="example-plot">{svg}</figure>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(example_plot_node, html=(visit_plot, None), gettext=(lambda translator, node: None, None))
    app.add_directive("example-plot", ExamplePlot)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
