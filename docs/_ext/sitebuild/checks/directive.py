"""Shows the records of checks under the code that ran them."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.checks import record as check_record
from sitebuild.checks.record import CheckRecord
from sitebuild.examples.result_file import result_file


class gradient_checks_node(nodes.General, nodes.Element):
    """The checks of one code block."""


class GradientChecks(SphinxDirective):
    """Show the checks that ran in one code block of an example."""

    required_arguments = 1
    option_spec = {"block": directives.nonnegative_int}

    def run(self) -> list[nodes.Node]:
        """Note on which file the page depends."""
        return [gradient_checks_node(file=result_file(self), block=self.options["block"])]


def outcome(record: CheckRecord) -> tuple[str, str]:
    """Class and words for the outcome. A build with a failure that is not meant never gets here."""
    if record.passed:
        return "passed", _("passed")
    return "failed", _("fails, as it should")


def number(value: float) -> str:
    """A tolerance as people write it: 1e-06 becomes 1e-6."""
    return f"{value:g}".replace("e-0", "e-")


def tolerances(record: CheckRecord) -> str:
    """Step and tolerances of a check, "" if it compares no derivative."""
    if record.eps is None:
        return ""
    return f"eps {number(record.eps)}, atol {number(record.atol)}, rtol {number(record.rtol)}"


def name_of_capability(capability: str) -> str:
    """One of :data:`~sitebuild.checks.record.CAPABILITIES` in the language of the page."""
    names = {
        "first order": _("first order"),
        "second order": _("second order"),
        "forward mode": _("forward mode"),
    }
    return names.get(capability, capability)  # names of the API stay


def address_of_check(builder: Any, page: str, position: int) -> str:
    """Where the check at ``position`` of ``page``, from 1, is shown, seen from the page that is being written."""
    return f"{builder.get_relative_uri(builder.current_docname, page)}#check-{position}"


def render_line(record: CheckRecord, position: int) -> str:
    """One check as a list item; ``position`` counts the checks of its page."""
    kind, words = outcome(record)
    shown = _(", ").join(map(name_of_capability, record.capabilities)) if record.order else ""
    facts = " · ".join(filter(None, [shown, "; ".join(record.inputs), tolerances(record)]))
    said = f'<span class="said" lang="en">{escape(record.message)}</span>' if record.message else ""
    return (
        f'<li class="check {kind}" id="check-{position}"><strong>{escape(words)}</strong> '
        f"<code>{escape(record.check)}</code> <code>{escape(record.function)}</code> "
        f'<span class="facts">{escape(facts)}</span>{said}</li>'
    )


def visit_checks(translator: Any, node: gradient_checks_node) -> None:
    """Write the list of checks of a code block."""
    records = enumerate(check_record.load(Path(node["file"])), 1)
    label = escape(_("Recorded gradient checks"))
    items = "".join(render_line(record, position) for position, record in records if record.block == node["block"])
    translator.body.append(f'<ul class="gradient-checks" aria-label="{label}">{items}</ul>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    skip = (lambda translator, node: None, None)
    app.add_node(gradient_checks_node, html=(visit_checks, None), gettext=skip)
    app.add_directive("gradient-checks", GradientChecks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
