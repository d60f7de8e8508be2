"""Keeps the figures of Matplotlib that a code block leaves open."""

from __future__ import annotations

import sys
from typing import Any

from sitebuild.examples.build_error import BuildError
from sitebuild.examples.observer import Observer, ScriptResults
from sitebuild.plots import record, svg


def _refuse_animations(names: dict[str, Any]) -> None:
    animation = sys.modules.get("matplotlib.animation")
    for name, value in names.items() if animation else ():
        if isinstance(value, animation.Animation):
            raise BuildError(f"{name} is an animation, and a page shows none; draw a figure for each moment that counts")


class ResultObserver(Observer):
    """Turns figures into pictures that belong to the page."""

    written_by = ("record.py", "observer.py", "svg.py")

    def take(self, results: ScriptResults, block: int, block_vars: dict[str, Any]) -> list[str]:
        """Write down the figures that a code block left open, and close them.

        Raises
        ------
        BuildError
            If one of them moves, of which the page would show the first moment, or has colours of its own.
        """
        _refuse_animations(block_vars["example_globals"])
        pyplot = sys.modules.get("matplotlib.pyplot")
        numbers = pyplot.get_fignums() if pyplot else []
        directives = []
        for number in numbers:
            path = results.file(f"plot-{block}-{number}.json")
            try:
                plot = svg.from_figure(pyplot.figure(number), prefix=f"{results.stem}-{block}-{number}-")
            except svg.UnknownColourError as error:
                raise BuildError(str(error)) from error
            record.save(plot, path)
            directives.append(f".. example-plot:: {path.name}")
        if numbers:
            pyplot.close("all")
        return directives
