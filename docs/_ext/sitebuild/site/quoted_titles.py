"""Puts quotation marks around the title of a page that is named inside a sentence.

Many titles read like sentences, so without the marks "Read Zero, or lost? first." is hard to read. A title that stands
by itself, such as the answer behind a question in a list, needs none. Chinese catalogues write their own marks: 《》.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


def is_by_title(node: nodes.Node) -> bool:
    """Whether ``node`` is a link to a page that will show this page's title."""
    return isinstance(node, pending_xref) and node["reftype"] == "doc" and not node["refexplicit"]


def is_in_sentence(link: pending_xref) -> bool:
    """Whether ``link`` is part of a sentence, so neither its paragraph's beginning nor in a list behind a colon."""
    paragraph = link.parent
    if not isinstance(paragraph, nodes.paragraph):
        return False
    place = paragraph.index(link)
    before = [node.astext().rstrip() for node in paragraph[:place] if not is_by_title(node)]
    after = "".join(node.astext() for node in paragraph[place + 1 :] if not is_by_title(node))
    names_itself = not before or before[-1].endswith((":", "?", ","))
    return not (names_itself and after.strip(" ,\n") in ("", ".") or not before and after.startswith(":"))


class QuoteTitles(SphinxPostTransform):
    """Add the quotation marks of ``title_quotes``."""

    default_priority = 5  # before links are resolved (10)
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Look at every link of the page."""
        marks = self.config.title_quotes.get(self.config.language)
        for link in [link for link in self.document.findall(is_by_title) if is_in_sentence(link)] if marks else ():
            place = link.parent.index(link)
            link.parent.insert(place + 1, nodes.Text(marks[1]))
            link.parent.insert(place, nodes.Text(marks[0]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the setting and the transform."""
    app.add_config_value("title_quotes", {}, "html", types=[dict])
    app.add_post_transform(QuoteTitles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
