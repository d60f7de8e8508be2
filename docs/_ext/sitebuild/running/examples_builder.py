"""``-b examples``: runs the examples and does once what serves all languages, such as drawing graphs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders import Builder

from sitebuild.running import observers, process_group


class ExamplesBuilder(Builder):
    """Read and write no page. The examples have run before any builder is asked for one."""

    name = "examples"
    format = ""

    def build_all(self) -> None:
        """Do the shared work; threads do, as each waits for a process of its own."""
        work = [task for observer in observers.load(self.config) for task in observer.shared_work(self.app)]
        with ThreadPoolExecutor(process_group.jobs()) as pool:
            list(pool.map(lambda task: task(), work))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the builder."""
    app.add_builder(ExamplesBuilder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
