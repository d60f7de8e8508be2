"""``function-table``: what each Function of the site can do, by chapter and page, with a filter above it.

Every mark is a link: to the check that it comes from, or to the words about trials. The filter is
the form of ``function_table.js``; without JavaScript all rows are shown.
"""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.checks.directive import address_of_check, name_of_capability
from sitebuild.checks.record import CAPABILITIES
from sitebuild.checks.trials import ABSENT, HELD, NOT_HELD
from sitebuild.reports.function_rows import FunctionRow, Mark, rows_in_order

# Where docs/functions.rst explains the trials.
TRIALS_ANCHOR = "#trials"


class function_table_node(nodes.General, nodes.Element):
    """What checks and trials show about each Function of the site."""


class FunctionTable(SphinxDirective):
    """Show what the checks and the trials of the site say about each Function."""

    def run(self) -> list[nodes.Node]:
        """Place the table; it is filled when the page is written."""
        return [function_table_node()]


def signs() -> dict[str, tuple[str, str]]:
    """Sign of each state, and what it means in the language of the page."""
    return {
        HELD: ("✓", _("holds")),
        "failed": ("✗", _("fails on purpose")),
        NOT_HELD: ("○", _("does not hold")),
        ABSENT: ("–", _("does not apply")),
    }


def render_name(name: str) -> str:
    """A name in code, which may be broken before each of its parts."""
    return f"<code>{re.sub(r'(?<=[a-z0-9_:])(?=[A-Z])|(?<=[_:])(?=[a-z])', '<wbr>', escape(name))}</code>"


def render_mark(mark: Mark, address: str) -> str:
    """A cell with the sign of a mark, which leads to ``address``."""
    sign, words = signs()[mark.state]
    source = mark.check or _("trial")
    kind = "checked" if mark.check else "tried"
    told = escape(_("{outcome} ({source})").format(outcome=words, source=source))
    return (
        f'<td class="check {mark.state} {kind}"><a href="{escape(address)}" title="{told}">'
        f'<span aria-hidden="true">{sign}</span><span class="visually-hidden">{told}</span></a></td>'
    )


def render_row(row: FunctionRow, builder: Any) -> str:
    """One Function: its name, which leads to where it is shown, and a mark for each capability."""
    page = builder.get_relative_uri(builder.current_docname, row.page)
    home = address_of_check(builder, row.page, row.checks[0][0]) if row.checks else page
    names = f'<a href="{escape(home)}">{render_name(row.name)}</a>'
    if row.trials.around:
        names += " → " + ", ".join(map(render_name, row.trials.around))
    cells = ""
    for capability in CAPABILITIES:
        mark = row.mark(capability)
        cells += render_mark(mark, address_of_check(builder, row.page, mark.position) if mark.check else TRIALS_ANCHOR)
    return f'<tr><th scope="row">{names}</th>{cells}</tr>'


def link_to(page: str, builder: Any) -> str:
    """A link with the title of a page."""
    address = builder.get_relative_uri(builder.current_docname, page)
    return f'<a href="{escape(address)}">{escape(builder.env.titles[page].astext())}</a>'


def render_chapter(chapter: str, rows: list[FunctionRow], builder: Any) -> str:
    """The table of one chapter, with a group of rows for each page."""
    heads = [_("Name"), *map(name_of_capability, CAPABILITIES)]
    head_row = "".join(f'<th scope="col"><span>{escape(head)}</span></th>' for head in heads)
    groups = ""
    for page, members in groupby(rows, lambda row: row.page):
        head = f'<tr class="of-page"><th scope="rowgroup" colspan="{len(heads)}">{link_to(page, builder)}</th></tr>'
        groups += f"<tbody>{head}{''.join(render_row(row, builder) for row in members)}</tbody>"
    return (
        f'<table class="function-table"><caption>{link_to(f"{chapter}/index", builder)}</caption>'
        f"<thead><tr>{head_row}</tr></thead>{groups}</table>"
    )


def render_filter(total: int) -> str:
    """The form: one choice for each capability, and how many rows are shown."""
    # A value names the classes of the cells that it lets pass.
    choices = [("", _("any"))]
    choices += [(state, f"{sign} {words}") for state, (sign, words) in signs().items()]
    choices.insert(2, (f"failed {NOT_HELD}", _("✗ or ○")))
    options = "".join(f'<option value="{value}">{escape(words)}</option>' for value, words in choices)
    fields = "".join(
        f'<label><span>{escape(name_of_capability(each))}</span><select name="{each.replace(" ", "-")}">{options}</select></label>'
        for each in CAPABILITIES
    )
    legend, count, reset = _("Show only those with"), _("{shown} of {total} shown"), _("Show all rows")
    return (
        f'<form class="function-filter" autocomplete="off" data-count="{escape(count)}">'
        f'<fieldset><legend>{escape(legend)}</legend>{fields}</fieldset>'
        f'<p><output aria-live="polite">{escape(count.format(shown=total, total=total))}</output>'
        f'<button type="reset">{escape(reset)}</button></p></form>'
    )


def visit_table(translator: Any, node: function_table_node) -> None:
    """Write the filter, the key to the signs, and a table for each chapter."""
    builder = translator.builder
    rows = list(rows_in_order(builder))
    key = "".join(
        f'<li><span class="check {state}" aria-hidden="true">{sign}</span> {escape(words)}</li>'
        for state, (sign, words) in signs().items()
    )
    tables = "".join(
        render_chapter(chapter, list(members), builder)
        for chapter, members in groupby(rows, lambda row: row.page.partition("/")[0])
    )
    translator.body.append(
        f'<div class="functions" data-search-ignore>{render_filter(len(rows))}<ul class="function-key">{key}</ul>{tables}</div>'
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(function_table_node, html=(visit_table, None), gettext=(lambda translator, node: None, None))
    app.add_directive("function-table", FunctionTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
