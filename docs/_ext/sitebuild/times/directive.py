"""Marks printed output that cannot repeat, because the example read a clock."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

OUTPUT = "sphx-glr-script-out"


class measured_note(nodes.General, nodes.Element):
    """Says that the output below was measured."""


class MeasuredOutput(SphinxDirective):
    """Stand before the output of a code block that read a clock."""

    def run(self) -> list[nodes.Node]:
        """Leave a note; MarkMeasured decides whether there is an output."""
        return [measured_note()]


class MarkMeasured(SphinxTransform):
    """Put the class ``measured`` on the output that follows a note."""

    default_priority = 220  # the output has its own class by then (210)

    def apply(self, **kwargs: Any) -> None:
        """Mark the outputs; drop notes of blocks that printed nothing."""
        for note in list(self.document.findall(measured_note)):
            output = note.next_node(
                lambda node: not isinstance(node, nodes.Invisible), descend=False, siblings=True
            )
            if isinstance(output, nodes.literal_block) and OUTPUT in output["classes"]:
                output["classes"].append("measured")
            else:
                note.parent.remove(note)


def visit_note(translator: Any, node: measured_note) -> None:
    """Write the note."""
    words = _(
        "Measured while this page was built: times differ from machine to machine and from build to build."
    )
    translator.body.append(f'<p class="measured-note">{escape(words)}</p>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the transform."""
    app.add_node(measured_note, html=(visit_note, None), gettext=(lambda translator, node: None, None))
    app.add_directive("measured-output", MeasuredOutput)
    app.add_transform(MarkMeasured)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
