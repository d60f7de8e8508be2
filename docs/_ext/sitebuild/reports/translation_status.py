"""``translation-status``: how far each language is, page by page.

Counted from the catalogues when the page is written: messages of the page, and those of
them that are translated and not marked fuzzy.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.reports.tables import pages_in_order, render_table
from sitebuild.translation.page_catalogue import read_messages

INTERFACE = "sphinx"


class translation_status_node(nodes.General, nodes.Element):
    """The table."""


class TranslationStatus(SphinxDirective):
    """Show how far the translations are."""

    def run(self) -> list[nodes.Node]:
        """Place the table; it is filled when the page is written."""
        return [translation_status_node()]


def count(catalogue: Path) -> tuple[int, int]:
    """Messages of a catalogue, and how many of them are translated; (0, 0) if there is none."""
    messages = read_messages(catalogue)
    return len(messages), sum(bool(message.string) and not message.fuzzy for message in messages)


def visit_status(translator: Any, node: translation_status_node) -> None:
    """Write a row for each page and a column for each language that has catalogues."""
    builder = translator.builder
    folder, names = Path(builder.srcdir) / "locale", translator.config.language_names
    languages = sorted(path.parent.name for path in folder.glob("*/LC_MESSAGES"))
    pages = pages_in_order(builder.env)
    titles = {page: builder.env.titles[page].astext() for page in pages}
    rows, totals = [], {language: [0, 0] for language in languages}
    for domain in [*pages, INTERFACE]:
        name = escape(titles.get(domain, _("Buttons, labels, descriptions")))
        if domain in titles:
            address = builder.get_relative_uri(builder.current_docname, domain)
            name = f'<a href="{escape(address)}">{name}</a>'
        cells = f"<td>{name}</td>"
        for language in languages:
            total, done = count(folder / language / "LC_MESSAGES" / f"{domain}.po")
            totals[language][0] += total
            totals[language][1] += done
            cells += f"<td>{done} / {total}</td>" if total else "<td>–</td>"
        rows.append(f"<tr>{cells}</tr>")
    everything = _("All")
    sums = "".join(f"<td><strong>{done} / {total}</strong></td>" for total, done in totals.values())
    rows.append(f"<tr><td><strong>{escape(everything)}</strong></td>{sums}</tr>")
    heads = [_("Page"), *(names.get(language, language) for language in languages)]
    translator.body.append(render_table("translation-table", heads, rows))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    skip = (lambda translator, node: None, None)
    app.add_node(translation_status_node, html=(visit_status, None), gettext=skip)
    app.add_directive("translation-status", TranslationStatus)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
