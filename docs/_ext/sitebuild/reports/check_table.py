"""``check-table``: all checks of the site."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.checks.directive import address_of_check, name_of_capability, outcome, tolerances
from sitebuild.checks.of_site import all_records
from sitebuild.checks.record import CheckRecord
from sitebuild.reports.tables import pages_in_order, render_table


class check_table_node(nodes.General, nodes.Element):
    """All checks of the site."""


class CheckTable(SphinxDirective):
    """Show every check of the site."""

    def run(self) -> list[nodes.Node]:
        """Place the table; it is filled when the page is written."""
        return [check_table_node()]


def records_in_order(builder: Any) -> Iterator[tuple[str, int, CheckRecord]]:
    """Page, place on the page (from 1) and record of each check, in the order of the pages."""
    by_page = all_records(builder.app)
    for page in pages_in_order(builder.env):
        for position, record in enumerate(by_page.get(page, []), 1):
            yield page, position, record


def render_row(record: CheckRecord, address: str) -> str:
    """One check as a table row that leads to the place where it ran."""
    kind, words = outcome(record)
    cells = [
        f'<a href="{escape(address)}"><code>{escape(record.function)}</code></a>',
        f"<code>{escape(record.check)}</code>",
        f'<span class="check {kind}">{escape(words)}</span>',
        escape(_(", ").join(map(name_of_capability, record.capabilities))),
        escape("; ".join(record.inputs)),
        escape(tolerances(record)),
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def render_page(page: str, checks: Iterator[tuple[str, int, CheckRecord]], columns: int, builder: Any) -> str:
    """The checks of one page below its title, which spans all columns."""
    address = escape(builder.get_relative_uri(builder.current_docname, page))
    title = escape(builder.env.titles[page].astext())
    head = f'<tr class="of-page"><th scope="rowgroup" colspan="{columns}"><a href="{address}">{title}</a></th></tr>'
    rows = (render_row(record, address_of_check(builder, page, position)) for _page, position, record in checks)
    return f"<tbody>{head}{''.join(rows)}</tbody>"


def visit_table(translator: Any, node: check_table_node) -> None:
    """Write the table, in the order of the pages."""
    builder = translator.builder
    heads = [_("Function"), _("Check"), _("Outcome"), _("Shows"), _("Inputs"), _("Tolerances")]
    found = list(records_in_order(builder))
    groups = [
        render_page(page, checks, len(heads), builder) for page, checks in groupby(found, lambda check: check[0])
    ]
    summary = _("{total} checks ran for this build: {passed} passed, {failed} failed on purpose.").format(
        total=len(found),
        passed=sum(record.passed for _page, _position, record in found),
        failed=sum(not record.passed for _page, _position, record in found),
    )
    translator.body.append(f'<p class="check-summary">{escape(summary)}</p>' + render_table("check-table of-site", heads, groups))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(check_table_node, html=(visit_table, None), gettext=(lambda translator, node: None, None))
    app.add_directive("check-table", CheckTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
