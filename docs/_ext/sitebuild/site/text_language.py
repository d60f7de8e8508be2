"""Marks English text on the pages of another language, so that it is read aloud, hyphenated and translated as English.

That is what PyTorch says, in the output of a script or quoted in a sentence, and what a draft has not translated yet.
The HTML writer of docutils makes a ``lang`` attribute of a class such as "language-en".
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

ENGLISH = "language-en"
OUTPUT = "sphx-glr-script-out"
# Three words in a row: a quotation, not code.
_QUOTATION = re.compile(r"[A-Za-z]['A-Za-z]*,?(?: [A-Za-z]['A-Za-z]*,?){2}")


def is_english(node: nodes.Node) -> bool:
    """Whether ``node`` holds English text on a page of another language."""
    if isinstance(node, nodes.literal_block):
        return OUTPUT in node["classes"]
    if isinstance(node, nodes.literal):
        return bool(_QUOTATION.search(node.astext()))
    return isinstance(node, nodes.TextElement) and node.get("translated") is False


class MarkEnglish(SphinxTransform):
    """Give English text its language."""

    default_priority = 960  # after Sphinx has noted what is translated (950)

    def apply(self, **kwargs: Any) -> None:
        """Look at every text of the page."""
        if self.config.language == "en":
            return
        for node in self.document.findall(is_english):
            node["classes"].append(ENGLISH)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(MarkEnglish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
