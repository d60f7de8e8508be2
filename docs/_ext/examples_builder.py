"""A builder that writes nothing: ``-b examples`` ends when the examples have run."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.builders import Builder


class ExamplesBuilder(Builder):
    """Build no page. The examples run before any builder is asked for one."""

    name = "examples"
    format = ""

    def build_all(self) -> None:
        """Read and write nothing."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the builder."""
    app.add_builder(ExamplesBuilder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
