"""Keeps the drawing of torchviz with which a code block ends."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from sitebuild.examples.build_error import BuildError
from sitebuild.examples.observer import Observer, ScriptResults
from sitebuild.graphs import calls, record
from sitebuild.graphs.drawing import draw_cached, drawing_cache


class ResultObserver(Observer):
    """Turns drawings into graphs, and draws them once for all languages."""

    written_by = ("record.py", "observer.py", "calls.py", "history.py")

    def start(self) -> None:
        """Take down which lines of the script call make_dot."""
        self._made: list[tuple[int, Any]] = []  # line of the call, drawing
        self._shown: list[Any] = []
        calls.listen(lambda call: self._made.append((call.line, call.drawing)))

    def take(self, results: ScriptResults, block: int, block_vars: dict[str, Any]) -> list[str]:
        """Write down the drawing with which a code block ended, if it did."""
        import graphviz

        # Sphinx-Gallery keeps the value of the last expression under this name, also
        # when later blocks end without one: a drawing is new only if it is another object.
        drawing = block_vars["example_globals"].get("___")
        if not isinstance(drawing, graphviz.Digraph) or drawing is block_vars.get("drawing"):
            return []
        block_vars["drawing"] = drawing
        self._shown.append(drawing)
        path = results.file(f"graph-{block}.json")
        record.save(record.from_torchviz(drawing), path)
        return [f".. autograd-graph:: {path.name}"]

    def finish(self, results: ScriptResults) -> None:
        """See that every drawing is shown.

        Raises
        ------
        BuildError
            If one is not: its call does not end a code block.
        """
        for line, drawing in self._made:
            if not any(drawing is shown for shown in self._shown):
                raise BuildError(
                    f"line {line} draws a graph, and the page does not show it; "
                    "let make_dot(...) be the last expression of its block"
                )

    def shared_work(self, app: Sphinx) -> list[Callable[[], object]]:
        """Draw every graph that is not drawn yet."""
        graphs = sorted(Path(app.srcdir).glob("*/*.graph-*.json"))
        return [functools.partial(draw_cached, graph, drawing_cache(app)) for graph in graphs]
