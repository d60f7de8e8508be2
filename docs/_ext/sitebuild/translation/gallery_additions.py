"""What Sphinx-Gallery adds to its pages, in other languages.

Times, tags and its signature are no text of the script: they are not offered for translation. The cards of an index
are HTML that it has written, in English: they get the titles and introductions of the translated scripts.
"""

from __future__ import annotations

import ast
import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import docname_join
from sphinx_gallery.gen_rst import extract_intro_and_title

from sitebuild.examples.gallery import find_script
from sitebuild.examples.gallery_page import ABOUT_RUN, TAGS, added_parts
from sitebuild.translation.page_catalogue import catalogue_of
from sitebuild.translation.source_comments import CommentTranslationError
from sitebuild.translation.translated_script import ScriptTranslationError, translate_script

_HINT = re.compile(r'(?<=tooltip=")[^"]*(?=">)')
_TITLE = re.compile(r'(?<=<div class="sphx-glr-thumbnail-title">).*(?=</div>)')


def _is_card_link(node: nodes.Element) -> bool:
    """Whether a paragraph is the link of a card: it holds a title that is translated on its own page."""
    before = node.parent.index(node) - 1
    picture = node.parent[before] if before >= 0 else None
    return isinstance(picture, nodes.image) and "/images/thumb/sphx_glr_" in picture["uri"]


class LeaveOut(SphinxTransform):
    """Keep what is no text of a script out of the catalogues."""

    default_priority = 6  # before Sphinx looks for messages (10)

    def apply(self, **kwargs: Any) -> None:
        """Mark it as not translatable."""
        for part in added_parts(self.document, ABOUT_RUN | TAGS):
            part["translatable"] = False
        for paragraph in self.document.findall(nodes.paragraph):
            if isinstance(paragraph.parent, addnodes.only) and _is_card_link(paragraph):
                paragraph["translatable"] = False


class TranslateCards(SphinxPostTransform):
    """Write the titles of translated pages on the cards of an index, and their introductions into its hints."""

    default_priority = 8  # links between pages are still to be resolved (10): they tell which page a card is for
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Change what is written, around the link of each card."""
        start: nodes.raw | None = None
        words: tuple[str, str] | None = None
        for node in list(self.document.findall(lambda each: isinstance(each, nodes.raw | addnodes.pending_xref))):
            if isinstance(node, addnodes.pending_xref):
                words = self._words_of(docname_join(self.env.docname, node["reftarget"])) if start else None
            elif _HINT.search(node.astext()):
                start, words = node, None
            if isinstance(node, nodes.raw) and words and start and _TITLE.search(node.astext()):
                intro, title = words
                _write(start, _HINT, intro)
                _write(node, _TITLE, title)
                start = None

    def _words_of(self, page: str) -> tuple[str, str] | None:
        """Introduction and title of the script of ``page`` in the language of this build; None if it has none."""
        script, translations = find_script(self.app, page), catalogue_of(self.app, page)
        if script is None or not translations:
            return None
        try:
            translated = translate_script(script.read_text(encoding="utf-8"), translations, wrapped=False, draft=True)
        except (ScriptTranslationError, CommentTranslationError):
            return None  # the downloads say what is wrong
        return extract_intro_and_title(script.name, ast.get_docstring(ast.parse(translated)) or "")


def _write(node: nodes.raw, pattern: re.Pattern[str], text: str) -> None:
    """Put ``text`` in the place of ``pattern`` in HTML."""
    html = pattern.sub(lambda _match: escape(text.replace("``", "")), node.astext())
    node.children = []
    node.append(nodes.Text(html))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transforms."""
    app.add_transform(LeaveOut)
    app.add_post_transform(TranslateCards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
