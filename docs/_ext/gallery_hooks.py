"""What Sphinx-Gallery calls while it runs an example.

conf.py names these functions as dotted strings, because Sphinx cannot cache
settings that hold objects.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import autograd_graph
import capability_checks
import check_records
import clock_readings
import function_calls
import matplotlib_svg


def prepare_example(gallery_conf: Mapping[str, Any], script: str, when: str) -> None:
    """Before an example: observe its checks, Functions and clocks (``reset_modules``)."""
    check_records.start()
    capability_checks.start()
    function_calls.start()
    clock_readings.start()


def scrape_results(block: Any, block_vars: dict[str, Any], gallery_conf: Mapping[str, Any]) -> str:
    """After a code block: keep what it drew and checked (``image_scrapers``).

    Returns
    -------
    str
        Directives that show them, as reST; "" if there are none.
    """
    results = ScriptResults(Path(block_vars["target_file"]))
    index = block_vars.setdefault("block_count", 0)
    block_vars["block_count"] += 1
    directives = [
        *results.keep_checks(index),
        *results.keep_graph(block_vars, index),
        *results.keep_plots(index),
        # Last: it speaks of the output, which Sphinx-Gallery puts next.
        *([".. measured-output::"] if clock_readings.take() else []),
    ]
    return "\n\n".join(directives)


class ScriptResults:
    """Files that hold the results of one script, beside its generated page."""

    def __init__(self, target_file: Path) -> None:
        self.folder = target_file.parent
        self.stem = target_file.stem

    @property
    def checks_file(self) -> Path:
        """File with the records of all checks of the script."""
        return self.folder / f"{self.stem}.checks.json"

    def graph_file(self, block: int) -> Path:
        """File with the graph that code block ``block`` drew."""
        return self.folder / f"{self.stem}.graph-{block}.json"

    def keep_checks(self, block: int) -> list[str]:
        """Write down the checks that ran in code block ``block``; return the directive for them."""
        taken = [
            check_records.CheckRecord(**{**vars(record), "block": block}) for record in check_records.take()
        ]
        if not taken:
            return []
        earlier = check_records.load(self.checks_file) if self.checks_file.exists() else []
        check_records.save(earlier + taken, self.checks_file)
        return [f".. gradient-checks:: {self.checks_file.name}\n   :block: {block}"]

    def keep_graph(self, block_vars: dict[str, Any], block: int) -> list[str]:
        """Write down the drawing with which code block ``block`` ended, if it did."""
        import graphviz

        # Sphinx-Gallery keeps the value of the last expression under this name, also
        # when later blocks end without one: a drawing is new only if it is another object.
        drawing = block_vars["example_globals"].get("___")
        if not isinstance(drawing, graphviz.Digraph) or drawing is block_vars.get("drawing"):
            return []
        block_vars["drawing"] = drawing
        autograd_graph.save(autograd_graph.from_torchviz(drawing), self.graph_file(block))
        return [f".. autograd-graph:: {self.graph_file(block).name}"]

    def keep_plots(self, block: int) -> list[str]:
        """Write down the Matplotlib figures that code block ``block`` left open, and close them."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        numbers = pyplot.get_fignums() if pyplot else []
        directives = []
        for number in numbers:
            path = self.folder / f"{self.stem}.plot-{block}-{number}.json"
            plot = matplotlib_svg.from_figure(pyplot.figure(number), prefix=f"{self.stem}-{block}-{number}-")
            matplotlib_svg.save(plot, path)
            directives.append(f".. example-plot:: {path.name}")
        if numbers:
            pyplot.close("all")
        return directives
