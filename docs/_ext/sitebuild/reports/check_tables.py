"""``check-table`` and ``capability-table``: all checks of the site, and what they show about each Function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.checks.directive import name_of_capability, outcome, tolerances
from sitebuild.checks.record import CAPABILITIES, CheckRecord, records_of_chapter
from sitebuild.checks.trials import ABSENT, HELD, NOT_HELD, Trials
from sitebuild.checks.trials import load as load_trials
from sitebuild.examples.gallery import chapters


class check_table_node(nodes.General, nodes.Element):
    """All checks of the site."""


class capability_table_node(nodes.General, nodes.Element):
    """What the checks show about each Function of the site."""


class CheckTable(SphinxDirective):
    """Show every check of the site."""

    def run(self) -> list[nodes.Node]:
        """Place the table; it is filled when the page is written."""
        return [check_table_node()]


class CapabilityTable(SphinxDirective):
    """Show what the checks of the site say about each Function."""

    def run(self) -> list[nodes.Node]:
        """Place the table; it is filled when the page is written."""
        return [capability_table_node()]


def all_records(app: Sphinx) -> dict[str, list[CheckRecord]]:
    """Records of the whole site by page."""
    return {
        f"{generated.relative_to(app.srcdir).as_posix()}/{script}": records
        for _chapter, generated in chapters(app)
        for script, records in records_of_chapter(generated).items()
    }


def pages_in_order(env: BuildEnvironment) -> list[str]:
    """All pages as a reader meets them who always goes on to the next."""
    relations = env.collect_relations()
    order, page = [], env.config.root_doc
    while page and page not in order:
        order.append(page)
        page = relations.get(page, [None, None, None])[2]
    return order


def records_in_order(builder: Any) -> Iterator[tuple[str, int, CheckRecord]]:
    """Page, place on the page (from 1) and record of each check, in the order of the pages."""
    by_page = all_records(builder.app)
    for page in pages_in_order(builder.env):
        for position, record in enumerate(by_page.get(page, []), 1):
            yield page, position, record


def render_table(kind: str, heads: list[str], rows: list[str]) -> str:
    """A table that scrolls by itself where it is wider than the page."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    return (
        f'<div class="check-table-scroll" tabindex="0" data-pagefind-ignore><table class="docutils {kind}">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def render_row(record: CheckRecord, address: str, title: str) -> str:
    """One check as a table row that leads to the place where it ran."""
    kind, words = outcome(record)
    cells = [
        f'<a href="{escape(address)}">{escape(title)}</a>',
        f"<code>{escape(record.function)}</code>",
        f"<code>{escape(record.check)}</code>",
        escape(", ".join(map(name_of_capability, record.capabilities))),
        f'<span class="check {kind}">{escape(words)}</span>',
        escape("; ".join(record.inputs)),
        escape(tolerances(record)),
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def visit_table(translator: Any, node: check_table_node) -> None:
    """Write the table of all checks, in the order of the pages."""
    builder = translator.builder
    heads = [_("Section"), _("Function"), _("Check"), _("Shows"), _("Outcome"), _("Inputs"), _("Tolerances")]
    found = list(records_in_order(builder))
    rows = [
        render_row(
            record,
            f"{builder.get_relative_uri(builder.current_docname, page)}#check-{position}",
            builder.env.titles[page].astext(),
        )
        for page, position, record in found
    ]
    summary = _("{total} checks ran for this build: {passed} passed, {failed} failed on purpose.").format(
        total=len(found),
        passed=sum(record.passed for _page, _position, record in found),
        failed=sum(not record.passed for _page, _position, record in found),
    )
    translator.body.append(f'<p class="check-summary">{escape(summary)}</p>' + render_table("check-table", heads, rows))
    raise nodes.SkipNode


def state_of(capability: str, records: list[CheckRecord], trials: dict[str, str]) -> str:
    """What checks and trials of one Function say about a capability.

    Returns
    -------
    str
        "passed" if the last check of it passed, as after a cure, or the trial did; "failed" if that check
        failed; "not-held" if the trial did; "absent" if the Function has no rule for it.
    """
    if outcomes := [record.passed for record in records if capability in record.decides]:
        return "passed" if outcomes[-1] else "failed"
    return trials[capability]


@dataclass(frozen=True)
class TableRow:
    """What the table of capabilities says in one row.

    Attributes
    ----------
    page : str
        Page that the Function, operator or function around such stands on.
    name : str
    anchor : str
        Place of its first check on that page; "" if none is about it alone.
    records : list of CheckRecord
        Checks that are about it alone.
    trials : Trials
        What was tried after the example.
    """

    page: str
    name: str
    anchor: str
    records: list[CheckRecord]
    trials: Trials


def rows_in_order(builder: Any) -> Iterator[TableRow]:
    """One row for each Function of a page.

    A Function that a page uses without a check is left out if another page checks it.
    """
    by_page = all_records(builder.app)
    checked = {record.function for records in by_page.values() for record in records}
    for page in pages_in_order(builder.env):
        records = by_page.get(page, [])
        for name, trials in load_trials(Path(builder.srcdir) / f"{page}.capabilities.json").items():
            if own := [record for record in records if record.function == name]:
                yield TableRow(page, name, f"#check-{records.index(own[0]) + 1}", own, trials)
            elif name not in checked:
                yield TableRow(page, name, "", [], trials)


def render_capabilities(row: TableRow, address: str, title: str, signs: dict[str, tuple[str, str]]) -> str:
    """One row: a link to the page, and a sign for each capability."""
    names = f"<code>{escape(row.name)}</code>"
    if row.trials.around:
        names += " → " + ", ".join(f"<code>{escape(name)}</code>" for name in row.trials.around)
    cells = f'<td><a href="{escape(address)}" title="{escape(title)}">{names}</a></td>'
    for capability in CAPABILITIES:
        state = state_of(capability, row.records, row.trials.states)
        sign, words = signs[state]
        cells += (
            f'<td class="check {state}"><span aria-hidden="true">{sign}</span>'
            f'<span class="visually-hidden">{escape(words)}</span></td>'
        )
    return f"<tr>{cells}</tr>"


def visit_capabilities(translator: Any, node: capability_table_node) -> None:
    """Write the table of capabilities and the key to its signs."""
    builder = translator.builder
    signs = {
        HELD: ("✓", _("holds")),
        "failed": ("✗", _("fails on purpose")),
        NOT_HELD: ("○", _("does not hold")),
        ABSENT: ("–", _("does not apply")),
    }
    rows = [
        render_capabilities(
            row,
            builder.get_relative_uri(builder.current_docname, row.page) + row.anchor,
            builder.env.titles[row.page].astext(),
            signs,
        )
        for row in rows_in_order(builder)
    ]
    key = " ".join(f'<span class="check {state}">{sign}</span> {escape(words)}' for state, (sign, words) in signs.items())
    heads = [_("Function"), *map(name_of_capability, CAPABILITIES)]
    translator.body.append(render_table("capability-table", heads, rows) + f'<p class="capability-key">{key}</p>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    skip = (lambda translator, node: None, None)
    app.add_node(check_table_node, html=(visit_table, None), gettext=skip)
    app.add_node(capability_table_node, html=(visit_capabilities, None), gettext=skip)
    app.add_directive("check-table", CheckTable)
    app.add_directive("capability-table", CapabilityTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
