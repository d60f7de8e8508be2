"""Keeps short code in one piece: a line doesn't end behind the hyphen of ``-inf`` or before the dot of ``.backward()``."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

# Characters that fit beside each other on a phone, even in the large type of a heading.
LONGEST = 18


class KeepShortCode(SphinxPostTransform):
    """Give short code the class ``short``, whose lines site.css doesn't break."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Look at all code within sentences; a blank is a place to break."""
        for literal in self.document.findall(nodes.literal):
            text = literal.astext()
            if len(text) <= LONGEST and " " not in text:
                literal["classes"].append("short")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(KeepShortCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
