"""What Sphinx-Gallery adds around the text of a script, found by the classes that it gives to it."""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes

DOWNLOADS = frozenset({"sphx-glr-download-link-note", "sphx-glr-footer"})
SIGNATURE = frozenset({"sphx-glr-signature"})
ABOUT_RUN = SIGNATURE | {"sphx-glr-timing"}
TAGS = frozenset({"sphx-glr-example-tags"})


def added_parts(document: nodes.document, classes: frozenset[str]) -> list[nodes.Element]:
    """Elements of a page with one of ``classes``."""
    return [each for each in document.findall(nodes.Element) if classes.intersection(each.get("classes", []))]


def put_last(section: nodes.section, parts: list[nodes.Element]) -> None:
    """Move ``parts``, with the ``only`` blocks around them, to the end of ``section``."""
    for part in parts:
        block = part.parent if isinstance(part.parent, addnodes.only) else part
        block.parent.remove(block)
        section.append(block)


def take_out(document: nodes.document, classes: frozenset[str]) -> None:
    """Remove elements with one of ``classes``, then the ``only`` blocks that they leave empty."""
    for element in added_parts(document, classes):
        if element.parent is not None:
            element.parent.remove(element)
    for block in list(document.findall(addnodes.only)):
        if not any(isinstance(child, nodes.Element) for child in block.children):
            block.parent.remove(block)
