"""What Sphinx-Gallery calls while it runs an example; it hands on to the observers of the build.

conf.py names these functions as dotted strings, because Sphinx cannot cache
settings that hold objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sitebuild.examples.observer import Observer, ScriptResults

SCRAPER = f"{__name__}.scrape_results"  # its name in conf.py
# Those of the example that runs in this process; there is one at most.
_observers: list[Observer] = []


def use(observers: Sequence[Observer]) -> None:
    """Let ``observers`` watch the example that this process is about to run."""
    _observers[:] = observers


def prepare_example(gallery_conf: Mapping[str, Any], script: str, when: str) -> None:
    """Before an example: begin to observe (``reset_modules``)."""
    for observer in _observers:
        observer.start()


def scrape_results(block: Any, block_vars: dict[str, Any], gallery_conf: Mapping[str, Any]) -> str:
    """After a code block: keep what it gave (``image_scrapers``).

    Returns
    -------
    str
        Directives that show it, as reST; "" if there are none.
    """
    page = Path(block_vars["target_file"])
    results = ScriptResults(page.parent, page.stem)
    index = block_vars.setdefault("block_count", 0)
    block_vars["block_count"] += 1
    return "\n\n".join(line for observer in _observers for line in observer.take(results, index, block_vars))
