"""``gpu-results``: what a section's script measured on a GPU, as tables with date and device.

The site is built without a GPU. The numbers are those that the script printed there, kept in ``gpu_results.json``.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.reports.tables import render_table

FILE = "gpu_results.json"


class gpu_results_node(nodes.General, nodes.Element):
    """The tables."""


class GpuResults(SphinxDirective):
    """Show what was measured."""

    def run(self) -> list[nodes.Node]:
        """Note on which file the page depends."""
        self.env.note_dependency(FILE)
        return [gpu_results_node()]


def render_row(name: str, cells: list[str]) -> str:
    """A table row whose first cell names it."""
    return f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def render_peaks(peaks: dict[str, dict[str, int]]) -> str:
    """Peaks in bytes: a row for each number of layers, a column for each kind of layer."""
    rows = [render_row(depth, [f"{value:,}" for value in found.values()]) for depth, found in peaks.items()]
    return render_table("speed-table", [_("Layers"), *next(iter(peaks.values()))], rows)


def render_times(milliseconds: dict[str, float]) -> str:
    """Times in milliseconds, and relative to ``nn``."""
    rows = [
        render_row(name, [f"{value:.2f}", f"{value / milliseconds['nn']:.2f}"]) for name, value in milliseconds.items()
    ]
    return render_table("speed-table", [_("Layer"), _("Milliseconds"), _("Relative to nn")], rows)


def visit_gpu_results(translator: Any, node: gpu_results_node) -> None:
    """Write date, device and tables."""
    found = json.loads((Path(translator.builder.srcdir) / FILE).read_text(encoding="utf-8"))
    when = _("Measured on {date} on an {device} with torch {torch}, CUDA {cuda} and driver {driver}.").format_map(found)
    peaks, times = _("Peak memory in bytes"), _("Time of forward and backward, six layers")
    translator.body.append(
        f'<p>{escape(when)}</p><p class="rubric">{escape(peaks)}</p>{render_peaks(found["peaks"])}'
        f'<p class="rubric">{escape(times)}</p>{render_times(found["milliseconds"])}'
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(gpu_results_node, html=(visit_gpu_results, None), gettext=((lambda translator, node: None), None))
    app.add_directive("gpu-results", GpuResults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
