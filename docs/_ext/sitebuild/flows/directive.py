"""``gradient-flow``: the backward passes over the graph above it, as a table of steps and with buttons to step through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from sitebuild.examples.result_file import result_file, script_behind
from sitebuild.flows.record import Flow, load
from sitebuild.flows.words import Teller
from sitebuild.graphs import record as graph_record
from sitebuild.graphs.directive import autograd_graph_node

# Drawn on buttons of 24 units: shapes, not letters, which some systems draw as coloured pictures.
SHAPES = {
    "back": "M7 6h2v12H7zM18 6v12l-8-6z",
    "play": "M8 5v14l11-7z",
    "next": "M15 6h2v12h-2zM6 6v12l8-6z",
}


class gradient_flow_node(nodes.General, nodes.Element):
    """The steps; the graph that they walk over is inside."""


class GradientFlow(SphinxDirective):
    """Show the flow in a file beside the page, if the page is one of ``gradient_flows``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Note on which file the page depends."""
        return [gradient_flow_node(file=result_file(self))]


class TakeGraph(SphinxTransform):
    """Put each graph into the flow that follows it."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Look before every flow."""
        for flow in list(self.document.findall(gradient_flow_node)):
            place = flow.parent.index(flow)
            before = flow.parent[place - 1] if place else None
            if isinstance(before, autograd_graph_node):
                flow.parent.remove(before)
                flow.append(before)


@dataclass(frozen=True)
class Row:
    """A line of the table: who is at work, the words, and the numbers of what is shown in the drawing with it."""

    label: str
    words: str
    nodes: tuple[int, ...] = ()
    reads: tuple[int, ...] = ()
    adds: tuple[int, ...] = ()
    misses: tuple[int, ...] = ()  # to these no path leads


def rows(flow: Flow, position: int, teller: Teller) -> Iterator[Row]:
    """The steps of one pass."""
    one = flow.passes[position]
    for start in one.starts if one.repeats else ():
        yield Row("", teller.start(start), _known([start.to]))
    for step in one.steps:
        yield Row(
            teller.name(step.node, step.name),
            teller.step(step),
            _known([step.node]),
            step.outlined,
            step.adds,
            step.leads_not_to,
        )
    for end in one.ends:
        reached, missed = ([end.tensor], []) if end.value else ([], [end.tensor])
        if words := teller.end(end):
            result = _known([end.result])
            yield Row("", words, _known([*reached, end.result]), adds=result, misses=_known(missed))
    if words := teller.error(one):
        yield Row("", words)


def _known(numbers: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(number for number in numbers if number is not None)


def _render_row(row: Row, number: int) -> str:
    lists = {"nodes": row.nodes, "reads": row.reads, "adds": row.adds, "misses": row.misses}
    data = "".join(f' data-{name}="{" ".join(map(str, numbers))}"' for name, numbers in lists.items() if numbers)
    words = row.words
    if row.label:
        words = _("{node} {does}").format(node=f"<code>{escape(row.label)}</code>", does=row.words)
    return f"<tr{data}><td>{number}</td><td>{words}</td></tr>"


def render_table(flow: Flow, teller: Teller) -> tuple[str, int]:
    """The steps as a table, and how many they are."""
    bodies, count = [], 0
    for position in range(len(flow.passes)):
        lines = []
        for row in rows(flow, position, teller):
            count += 1
            lines.append(_render_row(row, count))
        title = escape(teller.title(flow, position))
        bodies.append(f'<tbody><tr><th colspan="2" scope="rowgroup">{title}</th></tr>{"".join(lines)}</tbody>')
    return f'<table class="flow-table">{"".join(bodies)}</table>', count


def _button(action: str, label: str) -> str:
    return (
        f'<button type="button" data-do="{action}" aria-label="{escape(label)}" title="{escape(label)}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{SHAPES[action]}"/></svg></button>'
    )


def _player(count: int) -> str:
    """Buttons and a slider; flow.js gives them something to do."""
    buttons = "".join(
        _button(*each) for each in (("back", _("One step back")), ("play", _("Play")), ("next", _("One step on")))
    )
    name, pause, step = escape(_("Gradient flow")), escape(_("Pause")), escape(_("Step"))
    hint = escape(_("Run backward through this graph, step by step."))
    return (
        f'<div class="flow-player" data-search-ignore role="group" aria-label="{name}" data-pause="{pause}">{buttons}'
        f'<input type="range" min="0" max="{count}" value="0" aria-label="{step}"><output aria-live="off">0 / {count}</output>'
        f'<p class="flow-pass" aria-live="polite"></p><p class="flow-words" aria-live="polite">{hint}</p></div>'
    )


def render(path: Path) -> str:
    """Player and table of the flow in a file.

    Raises
    ------
    ExtensionError
        If it could not be recorded; the message names the script.
    """
    flow = load(path)
    if flow.complaint:
        raise ExtensionError(
            f"{script_behind(path)}: the backward of a graph was not recorded: {flow.complaint}; "
            "make it one that can run again, or take the page out of gradient_flows in conf.py"
        )
    if not flow.passes:
        return ""
    graph = graph_record.load(path.with_name(path.name.replace(".flow-", ".graph-")))
    table, count = render_table(flow, Teller(graph))
    summary = _("All {count} steps of backward").format(count=count)
    return f'{_player(count)}<details class="flow-steps" data-search-ignore><summary>{escape(summary)}</summary>{table}</details>'


def visit_flow(translator: Any, node: gradient_flow_node) -> None:
    """Open the element around the graph, which follows."""
    if translator.builder.current_docname in translator.config.gradient_flows:
        translator.body.append('<div class="gradient-flow">')


def depart_flow(translator: Any, node: gradient_flow_node) -> None:
    """Write what stands below the graph."""
    if translator.builder.current_docname in translator.config.gradient_flows:
        translator.body.append(f"{render(Path(node['file']))}</div>")


def see_that_pages_exist(app: Sphinx, env: Any) -> None:
    """Complain about a page in ``gradient_flows`` that shows no flow.

    Raises
    ------
    ExtensionError
        If there is one.
    """
    for page in app.config.gradient_flows:
        if page not in env.found_docs or not any(env.get_doctree(page).findall(gradient_flow_node)):
            raise ExtensionError(f"conf.py: gradient_flows names {page!r}, which is no page with a graph")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the setting."""
    nothing = lambda translator, node: None  # noqa: E731
    app.add_config_value("gradient_flows", [], "html", types=[list])
    app.add_node(gradient_flow_node, html=(visit_flow, depart_flow), gettext=(nothing, nothing))
    app.add_directive("gradient-flow", GradientFlow)
    app.add_transform(TakeGraph)
    app.connect("env-check-consistency", see_that_pages_exist)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
