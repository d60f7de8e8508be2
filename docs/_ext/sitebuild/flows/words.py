"""Tells the steps of a flow in the language of the page, as HTML.

A value stands in an element that names its edge of the drawing, so that the script of the page can
show it there: ``data-edge`` holds the numbers of the edge's ends, or of its head alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from sphinx.locale import _

from sitebuild.flows.record import End, Flow, Pass, Sent, Step, Value
from sitebuild.graphs.record import Graph, unique_names

ACCUMULATE = "AccumulateGrad"


def nested(numbers: Iterable[str], shape: tuple[int, ...]) -> str:
    """Numbers as Python writes a list of this shape."""
    parts = list(numbers)
    for size in reversed(shape):
        parts = [f"[{', '.join(parts[start : start + size])}]" for start in range(0, len(parts), size or 1)] or ["[]"]
    return parts[0]


def plain(value: Value | None) -> str:
    """A value as text, the same in every language."""
    if value is None:
        return "None"
    if value.numbers:
        return nested(value.numbers, value.shape)
    return f"({', '.join(map(str, value.shape))}) {value.dtype}, ‖·‖ = {value.norm}"


class Teller:
    """Tells the flow over one graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._names = unique_names(graph)

    def name(self, number: int | None, otherwise: str = "") -> str:
        """What a node is called on the page."""
        if number is None:
            return otherwise or _("a tensor that is not drawn")
        node = self._graph.nodes[number]
        return self._names[number] if node.name else _("a leaf tensor without a name")

    def names(self, numbers: Iterable[int]) -> str:
        """Several of them."""
        return _(", ").join(map(self.name, numbers))

    def title(self, flow: Flow, position: int) -> str:
        """What the pass at ``position`` is."""
        names = _(", ").join(self.name(start.to) for start in flow.passes[position].starts)
        if len(flow.passes) == 1:
            return _("Backward from {names}").format(names=names)
        if flow.passes[position].create_graph:
            return _("First backward, from {names}, with create_graph=True").format(names=names)
        return _("Second backward, from {names}").format(names=names)

    def start(self, start: Sent) -> str:
        """Where a pass begins."""
        value = _value(start.value, f">{start.to}")
        return _say(_("{value} enters at {name}"), value=value, name=self.name(start.to)) + _(".")

    def step(self, step: Step) -> str:
        """What a node did."""
        said = [self._received(step)] if step.name != ACCUMULATE else []
        if step.reads:
            reads = [f"{saved.name} = {plain(saved.value)}" if saved.name else plain(saved.value) for saved in step.reads]
            said.append(_say(_("reads {values}"), values=_listed(reads)))
        if step.sent:
            said.append(self._passed_on(step))
        if step.adds:
            said.append(_say(_("adds {names} to the graph"), names=self.names(step.adds)))
        if step.leads_to:
            said.append(_say(_("a path leads from there to {names}"), names=self.names(step.leads_to)))
        if step.leads_not_to:
            said.append(_say(_("no path leads from there to {names}"), names=self.names(step.leads_not_to)))
        return _("; ").join(said) + _(".")

    def _received(self, step: Step) -> str:
        values = _listed(map(plain, step.received))
        if len(step.received) == 1:
            return _say(_("receives {values}"), values=values)
        return _say(_("receives {values} for its {count} outputs"), values=values, count=str(len(step.received)))

    def _passed_on(self, step: Step) -> str:
        if step.name == ACCUMULATE:
            (sent,) = step.sent
            named = sent.to is not None and self._graph.nodes[sent.to].name
            template = _("adds {value} to {name}.grad") if named else _("adds {value} to the .grad of {name}")
            return self._sent(template, step, sent)
        return _("passes on {gradients}").format(
            gradients=_listed(self._sent(_("{value} to {name}"), step, sent) for sent in step.sent)
        )

    def _sent(self, template: str, step: Step, sent: Sent) -> str:
        value = _value(sent.value, f"{sent.to}>{step.node}")
        return _say(template, value=value, name=self.name(sent.to, sent.to_name))

    def end(self, end: End) -> str:
        """What arrived at a tensor; "" if a step has said it."""
        name = self.name(end.tensor)
        leaf = end.tensor is not None and "leaf" in self._graph.nodes[end.tensor].roles
        if end.value is None:
            named = end.tensor is None or self._graph.nodes[end.tensor].name
            return _say(_("Nothing arrives at {name}: no step leads there"), name=name) + _(".") if named else ""
        if end.result is not None:
            said = _("{value} arrives at {name}; this gradient is {result}")
            return _say(said, value=_value(end.value), name=name, result=self.name(end.result)) + _(".")
        return "" if leaf else _say(_("{value} arrives at {name}"), value=_value(end.value), name=name) + _(".")

    def error(self, one: Pass) -> str:
        """Why a pass came to no end, or is not told; "" if it is."""
        if not one.repeats:
            return escape(_("This pass gave other gradients when it ran again, so its steps are not shown."))
        return _say(_("It raises {error}"), error=one.error) if one.error else ""


def _listed(texts: Iterable[str]) -> str:
    return _(", ").join(texts)


def _value(value: Value | None, edge: str = "") -> tuple[str, str]:
    """A value with the edge along which it goes."""
    return plain(value), edge


def _say(template: str, **parts: str | tuple[str, str]) -> str:
    """Fill ``template`` with text; a value with an edge becomes an element."""
    html = {}
    for key, part in parts.items():
        text, edge = part if isinstance(part, tuple) else (part, "")
        shown = f'<span class="flow-value">{escape(text)}</span>' if key.startswith("value") else escape(text)
        html[key] = shown.replace("<span", f'<span data-edge="{escape(edge)}"', 1) if edge else shown
    return escape(template, quote=False).format(**html)
