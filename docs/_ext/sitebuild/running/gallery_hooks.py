"""What Sphinx-Gallery calls while it runs an example; it hands on to the observers of the build.

conf.py names these functions as dotted strings, because Sphinx cannot cache
settings that hold objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sitebuild.examples.build_error import BuildError
from sitebuild.examples.observer import Observer, ScriptResults
from sitebuild.running.random_numbers import RandomNumbers

SCRAPER = f"{__name__}.scrape_results"  # its name in conf.py
# Those of the example that runs in this process; there is one at most.
_observers: list[Observer] = []
_random_numbers: list[RandomNumbers] = []  # one, while an example runs


def use(observers: Sequence[Observer]) -> None:
    """Let ``observers`` watch the example that this process is about to run."""
    _observers[:] = observers


def prepare_example(gallery_conf: Mapping[str, Any], script: str, when: str) -> None:
    """Before an example: begin to observe (``reset_modules``)."""
    for observer in _observers:
        observer.start()
    _random_numbers[:] = [RandomNumbers()]


def scrape_results(block: Any, block_vars: dict[str, Any], gallery_conf: Mapping[str, Any]) -> str:
    """After a code block: keep what it gave (``image_scrapers``).

    Returns
    -------
    str
        Directives that show it, as reST; "" if there are none.

    Raises
    ------
    BuildError
        If it cannot be shown, or would be something else at each run.
    """
    _kind, code, first = block
    last = first + code.rstrip().count("\n")
    # A block that raised is told of by its error.
    for numbers in _random_numbers if "formatted_exception" not in block_vars else ():
        numbers.look(Path(block_vars["src_file"]).read_text(encoding="utf-8"), last)
    page = Path(block_vars["target_file"])
    results = ScriptResults(page.parent, page.stem)
    index = block_vars.setdefault("block_count", 0)
    block_vars["block_count"] += 1
    try:
        return "\n\n".join(line for observer in _observers for line in observer.take(results, index, block_vars))
    except BuildError as error:
        raise BuildError(f"lines {first} to {last}: {error}") from error
