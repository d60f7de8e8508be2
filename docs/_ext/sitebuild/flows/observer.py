"""Records how gradients flow through each graph that a script draws."""

from __future__ import annotations

from typing import Any

from sitebuild.examples.observer import Observer, ScriptResults
from sitebuild.flows import grad_calls, record
from sitebuild.flows.drawn import Drawn
from sitebuild.flows.passes import Passes
from sitebuild.flows.process_copy import CopyError, run_in_copy
from sitebuild.graphs import calls
from sitebuild.graphs.calls import Call


def passes_as_json(call: Call) -> str:
    """Run the passes of a drawing and write down what happened; it belongs into a copy of the process."""
    import torch

    torch.set_num_threads(1)  # a copy has no other threads, and would wait for them
    drawn = Drawn(call)
    return record.to_json(Passes(drawn, grad_calls.call_behind(call.tensors)).run())


class ResultObserver(Observer):
    """Runs the backward passes of each drawing in a copy of the process, when it is drawn."""

    written_by = ("record.py", "observer.py", "drawn.py", "passes.py", "recorder.py", "grad_calls.py", "process_copy.py")

    def start(self) -> None:
        """Listen to make_dot."""
        self._flows: list[tuple[Any, str]] = []  # drawing, and what is written about it
        grad_calls.start()
        calls.listen(self._record)

    def _record(self, call: Call) -> None:
        try:
            text = run_in_copy(lambda: passes_as_json(call))
        except CopyError as error:
            # Whether it matters shows when the page is written: only if it shows the steps.
            text = record.to_json(record.Flow((), f"line {call.line}: {error}"))
        self._flows.append((call.drawing, text))

    def take(self, results: ScriptResults, block: int, block_vars: dict[str, Any]) -> list[str]:
        """Write down the flow of the drawing with which a code block ended, if it did."""
        shown = block_vars["example_globals"].get("___")
        texts = [text for drawing, text in self._flows if drawing is shown]
        self._flows.clear()
        if not texts:
            return []
        path = results.file(f"flow-{block}.json")
        path.write_text(texts[0], encoding="utf-8")
        return [f".. gradient-flow:: {path.name}"]
