"""Runs examples, each once and in a process of its own. It knows no kind of result: observers come to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the run of the examples and the builder that asks for nothing else."""
    app.setup_extension("sitebuild.running.gallery_run")
    app.setup_extension("sitebuild.running.examples_builder")
    app.setup_extension("sitebuild.running.unneeded_imports")
    app.setup_extension("sitebuild.running.memory")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
