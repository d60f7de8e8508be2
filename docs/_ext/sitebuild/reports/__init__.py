"""Tables and lists over the whole site: checks, translations, mutants, speed, a GPU, error texts, search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that do nothing should not wait for Sphinx
    from sphinx.application import Sphinx

MODULES = (
    "check_table",
    "function_table",
    "translation_status",
    "speed_tables",
    "gpu_tables",
    "mutant_table",
    "error_list",
    "recall_table",
    "glossary",
    "script_forms",
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    for module in MODULES:
        app.setup_extension(f"{__name__}.{module}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
