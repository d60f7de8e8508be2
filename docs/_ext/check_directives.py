"""Shows the records of gradient checks: under the code that ran them, and in one table."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import check_records
from check_expectations import records_of_chapter
from check_records import CheckRecord
from docutils import nodes
from docutils.parsers.rst import directives
from example_results import result_file
from gallery_run import chapters
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective


class gradient_checks_node(nodes.General, nodes.Element):
    """The checks of one code block."""


class check_table_node(nodes.General, nodes.Element):
    """All checks of the site."""


class GradientChecks(SphinxDirective):
    """Show the checks that ran in one code block of an example."""

    required_arguments = 1
    option_spec = {"block": directives.nonnegative_int}

    def run(self) -> list[nodes.Node]:
        """Note on which file the page depends."""
        return [gradient_checks_node(file=result_file(self), block=self.options["block"])]


class CheckTable(SphinxDirective):
    """Show every check of the site."""

    def run(self) -> list[nodes.Node]:
        """Place the table; it is filled when the page is written."""
        return [check_table_node()]


def outcome(record: CheckRecord) -> tuple[str, str]:
    """Class and words for the outcome. A build with a failure that is not meant never gets here."""
    if record.passed:
        return "passed", _("passed")
    return "failed", _("fails, as it should")


def number(value: float) -> str:
    """A tolerance as people write it: 1e-06 becomes 1e-6."""
    return f"{value:g}".replace("e-0", "e-")


def tolerances(record: CheckRecord) -> str:
    """Step and tolerances of a check."""
    return f"eps {number(record.eps)}, atol {number(record.atol)}, rtol {number(record.rtol)}"


def render_line(record: CheckRecord, position: int) -> str:
    """One check as a list item; ``position`` counts the checks of its page."""
    kind, words = outcome(record)
    order = _("first order") if record.order == 1 else _("second order")
    said = f'<span class="said">{escape(record.message)}</span>' if record.message else ""
    return (
        f'<li class="check {kind}" id="check-{position}"><strong>{escape(words)}</strong> '
        f"<code>{escape(record.check)}</code> <code>{escape(record.function)}</code> "
        f'<span class="facts">{order} · {escape("; ".join(record.inputs))} · {tolerances(record)}</span>{said}</li>'
    )


def visit_checks(translator: Any, node: gradient_checks_node) -> None:
    """Write the list of checks of a code block."""
    records = enumerate(check_records.load(Path(node["file"])), 1)
    label = escape(_("Recorded gradient checks"))
    items = "".join(render_line(record, position) for position, record in records if record.block == node["block"])
    translator.body.append(f'<ul class="gradient-checks" aria-label="{label}">{items}</ul>')
    raise nodes.SkipNode


def render_row(record: CheckRecord, address: str, title: str) -> str:
    """One check as a table row that leads to the place where it ran."""
    kind, words = outcome(record)
    cells = [
        f'<a href="{escape(address)}">{escape(title)}</a>',
        f"<code>{escape(record.function)}</code>",
        f"<code>{escape(record.check)}</code>",
        str(record.order),
        f'<span class="check {kind}">{escape(words)}</span>',
        escape("; ".join(record.inputs)),
        escape(tolerances(record)),
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def visit_table(translator: Any, node: check_table_node) -> None:
    """Write the table of all checks, in the order of the pages."""
    builder = translator.builder
    heads = [_("Section"), _("Function"), _("Check"), _("Order"), _("Outcome"), _("Inputs"), _("Tolerances")]
    by_page = all_records(builder.app)
    records, rows = [], []
    for page in pages_in_order(builder.env):
        for position, record in enumerate(by_page.get(page, []), 1):
            records.append(record)
            address = f"{builder.get_relative_uri(builder.current_docname, page)}#check-{position}"
            rows.append(render_row(record, address, builder.env.titles[page].astext()))
    summary = _("{total} checks ran for this build: {passed} passed, {failed} failed on purpose.").format(
        total=len(records),
        passed=sum(record.passed for record in records),
        failed=sum(not record.passed for record in records),
    )
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    translator.body.append(
        f'<p class="check-summary">{escape(summary)}</p><div class="check-table-scroll" tabindex="0" data-pagefind-ignore>'
        f'<table class="docutils check-table"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )
    raise nodes.SkipNode


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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    skip = (lambda translator, node: None, None)
    app.add_node(gradient_checks_node, html=(visit_checks, None), gettext=skip)
    app.add_node(check_table_node, html=(visit_table, None), gettext=skip)
    app.add_directive("gradient-checks", GradientChecks)
    app.add_directive("check-table", CheckTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
