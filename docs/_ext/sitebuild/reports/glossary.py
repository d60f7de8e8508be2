"""``term-list``: the terms of ``glossary.toml``, their meaning, their names in other languages, their pages."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.translation.chinese_text import in_words_of

FILE_NAME = "glossary.toml"


def read_terms(source: Path) -> list[dict[str, Any]]:
    """All terms in their order.

    Parameters
    ----------
    source : Path
        Folder of the sources, in which the file lies.

    Returns
    -------
    list of dict
        Each with ``page`` and, under the code of each language, a ``word``, its ``meaning``, and perhaps
        forms to ``avoid``.
    """
    return tomllib.loads((source / FILE_NAME).read_text(encoding="utf-8"))["term"]


class TermList(SphinxDirective):
    """Show the terms in the language of the page."""

    def run(self) -> list[nodes.Node]:
        """Make one entry for each term."""
        source = Path(self.env.srcdir)
        self.env.note_dependency(str(source / FILE_NAME))
        return [nodes.definition_list("", *map(self._entry, read_terms(source)), classes=["term-list"])]

    def _entry(self, term: dict[str, Any]) -> nodes.definition_list_item:
        language = self.config.language
        own = term.get(language, term["en"])
        name = nodes.term("", own["word"])
        for code in self.config.language_names:
            if code in term and code != language:
                # docutils writes the class "language-en" as lang="en"
                classes = ["other-language", f"language-{code.replace('_', '-')}"]
                name += nodes.inline("", term[code]["word"], classes=classes)
        with in_words_of(language, self.state):
            meaning, _messages = self.parse_inline(own["meaning"])
        explanation = nodes.paragraph("", "", *meaning, nodes.Text(_(".")), nodes.Text(" "), self._link(term["page"]))
        return nodes.definition_list_item("", name, nodes.definition("", explanation))

    def _link(self, page: str) -> addnodes.pending_xref:
        link = addnodes.pending_xref(
            refdomain="std", reftype="doc", refexplicit=False, reftarget=f"/{page}", refdoc=self.env.docname, refwarn=True
        )
        link += nodes.inline("", page, classes=["doc"])
        return link


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("term-list", TermList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
