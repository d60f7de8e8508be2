"""``mutant-table``: how many changes to the formulas the checks noticed, script by script.

The numbers are those that ``make mutants`` wrote to ``mutants.json`` when it last ran without a surprise.
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

from sitebuild.reports.tables import pages_in_order, render_table

FILE_NAME = "mutants.json"


class mutant_table_node(nodes.General, nodes.Element):
    """The numbers in ``file``."""


class MutantTable(SphinxDirective):
    """Show the numbers of the last ``make mutants``."""

    def run(self) -> list[nodes.Node]:
        """Note on which file the page depends."""
        file = Path(self.env.srcdir) / FILE_NAME
        if not file.exists():
            raise self.error(f"{FILE_NAME} does not exist; make mutants writes it")
        self.env.note_dependency(str(file))
        return [mutant_table_node(file=str(file))]


def summarise(found: dict[str, Any]) -> list[str]:
    """All numbers, in a sentence each."""
    kinds = ("mutants", "killed", "explained", "not_checked", "repeated")
    sums = {kind: sum(numbers[kind] for numbers in found["scripts"].values()) for kind in kinds}
    changes = _(
        "On {date}, with PyTorch {torch}, {mutants} changes were tried, one at a time: {killed} were noticed, "
        "{explained} cannot be noticed, {not_checked} are in Functions without a check, and {repeated} "
        "stand in repetitions of a formula that was changed in another section."
    ).format(date=found["date"], torch=found["torch"].partition("+")[0], **sums)
    corrections = _("Wrong examples whose correction was noticed: {count}.").format(count=found["corrections"])
    return [changes, corrections]


def render_row(numbers: dict[str, Any], address: str, title: str) -> str:
    """The numbers of one script as a table row that leads to its page."""
    names = _(", ").join(f"<code>{escape(name)}</code>" for name in numbers["unchecked"])
    cells = [
        f'<a href="{escape(address)}">{escape(title)}</a>',
        *(str(numbers[kind]) for kind in ("mutants", "killed", "explained", "repeated", "not_checked")),
    ]
    cells[-1] += f" ({names})" if names else ""
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def visit_table(translator: Any, node: mutant_table_node) -> None:
    """Write the table, in the order of the pages."""
    builder = translator.builder
    found = json.loads(Path(node["file"]).read_text(encoding="utf-8"))
    heads = [_("Section"), _("Changes"), _("Noticed"), _("Explained"), _("Repeated"), _("Not checked")]
    rows = [
        render_row(
            found["scripts"][page],
            builder.get_relative_uri(builder.current_docname, page),
            builder.env.titles[page].astext(),
        )
        for page in pages_in_order(builder.env)
        if page in found["scripts"]
    ]
    told = "".join(f'<p class="mutant-summary">{escape(sentence)}</p>' for sentence in summarise(found))
    translator.body.append(told + render_table("check-table", heads, rows))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(mutant_table_node, html=(visit_table, None), gettext=(lambda translator, node: None, None))
    app.add_directive("mutant-table", MutantTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
