"""``recall-table``: how often the search has a page that answers among its first results.

The numbers are those that ``make recall`` wrote to ``search_recall.json``.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.reports.tables import render_table

FILE_NAME = "search_recall.json"


class recall_table_node(nodes.General, nodes.Element):
    """The numbers in ``file``."""


class RecallTable(SphinxDirective):
    """Show the numbers of the last ``make recall``."""

    def run(self) -> list[nodes.Node]:
        """Note on which file the page depends."""
        file = Path(self.env.srcdir) / FILE_NAME
        if not file.exists():
            raise self.error(f"{FILE_NAME} does not exist; make recall writes it")
        self.env.note_dependency(str(file))
        return [recall_table_node(file=str(file))]


def share(right: int, queries: int) -> str:
    """A number of queries and its percentage, rounded down."""
    return f"{right} ({100 * right // queries} %)" if queries else "0"


def render_rows(name: str, groups: dict[str, dict[str, int]]) -> list[str]:
    """The groups of queries of one language as table rows."""
    words = {
        "before": _("before the ranking"),
        "after": _("after it"),
        "unseen_at_first": _("by somebody who did not know it; measured once, before any change"),
        "unseen": _("the same, after the change to which they led"),
        "fresh": _("after that change; nothing was changed for them"),
    }
    rows = []
    for group, numbers in groups.items():
        cells = [words[group], numbers["queries"], *(share(numbers[first], numbers["queries"]) for first in ("first", "three"))]
        rows.append(f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    return rows


def visit_table(translator: Any, node: recall_table_node) -> None:
    """Write the table, and when it was measured."""
    found = json.loads(Path(node["file"]).read_text(encoding="utf-8"))
    names = translator.config.language_names
    rows = [
        row
        for language, groups in found["languages"].items()
        for row in render_rows(names.get(language, language), groups)
    ]
    heads = [_("Language"), _("Written"), _("Queries"), _("Right page first"), _("Among the first three")]
    measured = _("Measured on {date}.").format(date=found["date"])
    translator.body.append(f"<p>{escape(measured)}</p>{render_table('recall-table', heads, rows)}")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(recall_table_node, html=(visit_table, None), gettext=(lambda translator, node: None, None))
    app.add_directive("recall-table", RecallTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
