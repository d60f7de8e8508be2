"""``error-texts``: every error text of the site, with the pages on which it was provoked."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.errors.collection import ErrorText, collect
from sitebuild.examples.gallery import chapters
from sitebuild.reports.tables import pages_in_order


class error_texts_node(nodes.General, nodes.Element):
    """The list."""


class ErrorTexts(SphinxDirective):
    """List the error texts of the site."""

    def run(self) -> list[nodes.Node]:
        """Note on which results the page depends."""
        for chapter, generated in chapters(self.env.app):
            for script in sorted(chapter.glob("*.py")):
                self.env.note_dependency(str(generated / f"{script.stem}.rst"))
        return [error_texts_node()]


def render_entry(error: ErrorText, builder: Any, order: list[str]) -> str:
    """A text and links to its pages, in the ``order`` of the pages."""
    links = [
        f'<a class="reference internal" href="{escape(builder.get_relative_uri(builder.current_docname, page))}">'
        f"{escape(builder.env.titles[page].astext())}</a>"
        for page in order
        if page in error.pages
    ]
    code = f'<code class="docutils literal notranslate" lang="en">{escape(error.text)}</code>'
    titles = [_("{page}").format(page=link) for link in links]  # in brackets, where a language sets them
    return "<li>" + _("{text}: {pages}").format(text=code, pages=_(", ").join(titles)) + "</li>"


def visit_list(translator: Any, node: error_texts_node) -> None:
    """Write the list."""
    builder = translator.builder
    order = pages_in_order(builder.env)
    entries = "".join(render_entry(error, builder, order) for error in collect(chapters(builder.app)))
    translator.body.append(f'<ul class="simple error-texts" data-search-ignore>{entries}</ul>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(error_texts_node, html=(visit_list, None), gettext=(lambda translator, node: None, None))
    app.add_directive("error-texts", ErrorTexts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
