"""Sees to it, while the English page is read, that each of its messages is found again in the script.

Otherwise the first translation would fail, or leave a part of the download in English: docutils knows more
forms of text than can be put in place there. Pictures from files are refused too: no download would hold them.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.nodes import extract_messages

from sitebuild.examples.gallery import find_script
from sitebuild.examples.gallery_folders import name_of
from sitebuild.translation.translatable_code import translatable_code
from sitebuild.translation.translated_script import find_messages, normalise

logger = logging.getLogger(__name__)
LONGEST = 60  # characters of a message that are told
_ELSE = "write it as a paragraph, a title, a list, a definition list, a note or a list-table, with an empty line around it"
# What to write instead of a message that stands in one of these.
_ADVICE = {
    nodes.table: "write the table as a list-table",
    nodes.classifier: "write a term without a classifier behind it",
    nodes.term: "write a term without a classifier behind it",
    nodes.option_list: "write the options as a definition list",
    nodes.field_list: "write the fields as a definition list",
    translatable_code: "put an empty line between this comment and those that begin with sphinx_gallery_",
}


def _advice(node: nodes.Node | None) -> str:
    while node is not None:
        if advice := next((advice for kind, advice in _ADVICE.items() if isinstance(node, kind)), ""):
            return advice
        node = node.parent
    return _ELSE


def _line_of(text: str, source: str) -> int:
    """The line of a script in which ``text`` begins, as far as words on one line tell."""
    words, lines = text.split(), source.split("\n")
    for count in range(len(words), 0, -1):
        beginning = " ".join(words[:count])
        for number, line in enumerate(lines, 1):
            if beginning in line:
                return number
    return 1


class CheckMessages(SphinxTransform):
    """Complain about every message of an example that the script does not hold in a form that can be translated."""

    default_priority = 22  # comments have become messages (21)

    def apply(self, **kwargs: Any) -> None:
        """Look for the messages of the page in the script, once: where they are not translated yet."""
        if self.config.language != "en" or (script := find_script(self.app, self.env.docname)) is None:
            return
        source = script.read_text(encoding="utf-8")
        for image in self.document.findall(nodes.image):
            place = f"{name_of(script)}:{_line_of(image['uri'], source)}"
            logger.warning("%s: %s is not part of the script; draw the picture in the script", place, image["uri"])
        messages = [(node, normalise(text)) for node, text in extract_messages(self.document)]
        found = find_messages(source, {text for _node, text in messages})
        for node, text in messages:
            if text not in found:
                told = text if len(text) <= LONGEST else text[:LONGEST] + "…"
                place = f"{name_of(script)}:{_line_of(text, source)}"
                logger.warning("%s: no translation could take the place of %r in the script; %s", place, told, _advice(node))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(CheckMessages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
