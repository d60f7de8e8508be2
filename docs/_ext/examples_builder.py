"""``-b examples``: runs the examples and draws their graphs, which serve all languages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import process_group
from graph_directive import draw_cached, drawing_cache
from sphinx.application import Sphinx
from sphinx.builders import Builder


class ExamplesBuilder(Builder):
    """Read and write no page. The examples have run before any builder is asked for one."""

    name = "examples"
    format = ""

    def build_all(self) -> None:
        """Draw the graphs that the examples have left; threads do, as each waits for a process of its own."""
        graphs = sorted(Path(self.srcdir).glob("*/*.graph-*.json"))
        with ThreadPoolExecutor(process_group.jobs()) as pool:
            list(pool.map(lambda graph: draw_cached(graph, drawing_cache(self.app)), graphs))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the builder."""
    app.add_builder(ExamplesBuilder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
