"""Says in the language of the page what a graph shows, as a whole and node by node."""

from __future__ import annotations

from sphinx.locale import _

from sitebuild.graphs.record import Graph, Node, unique_names

# In the order of the legend. A node that plays several roles is drawn as the first of them in this list.
KINDS = ("leaf", "tensor", "saved", "operation")


def kind_of(node: Node) -> str:
    """The one of :data:`KINDS` whose colour a node has."""
    if node.is_operation:
        return "operation"
    if "tensor" in node.roles or "base" in node.roles:
        return "tensor"
    return "leaf" if "leaf" in node.roles else "saved"


def name_of_kind(kind: str) -> str:
    """What the nodes of one of :data:`KINDS` are called."""
    return {
        "leaf": _("leaf tensor"),
        "tensor": _("named tensor"),
        "saved": _("saved tensor"),
        "operation": _("backward node"),
    }[kind]


def title(graph: Graph) -> str:
    """Name the tensors whose graph this is."""
    named = [node.name for node in graph.nodes if node.name and not node.is_operation]
    return _("Backward graph of {names}").format(names=_(", ").join(dict.fromkeys(named)))


def description(graph: Graph) -> str:
    """Say what leads to what.

    Only nodes that something leads to are mentioned: the others appear as their sources.
    """
    names = unique_names(graph)
    sentences = []
    for node in graph.nodes:
        sources = [names[source.number] for source in graph.predecessors(node.number)]
        if sources:
            listed = _(", ").join(sources)
            sentences.append(_("{sources} → {target}").format(sources=listed, target=names[node.number]))
    kept = [names[edge.tail] for edge in graph.edges if edge.kept]
    if kept:
        sentences.append(_("saved for backward: {names}").format(names=_(", ").join(dict.fromkeys(kept))))
    return _("; ").join(sentences) + _(".")


def about(graph: Graph, node: Node) -> str:
    """Say what one node is and what it is joined to."""
    names = unique_names(graph)

    def listed(numbers: list[int]) -> str:
        return _(", ").join(names[number] for number in numbers)

    shape = f" {node.shape}" if node.name and node.shape else ""
    sentences = [
        _("{name}: {kind}").format(name=names[node.number] + shape, kind=name_of_kind(kind_of(node)))
    ]
    joined = {
        _("made from {names}"): [e.tail for e in graph.edges if e.head == node.number and not e.kept],
        _("leads to {names}"): [e.head for e in graph.edges if e.tail == node.number and not e.kept],
        _("keeps {names}"): [e.tail for e in graph.edges if e.head == node.number and e.kept],
        _("kept by {names}"): [e.head for e in graph.edges if e.tail == node.number and e.kept],
    }
    sentences += [text.format(names=listed(numbers)) for text, numbers in joined.items() if numbers]
    return _("; ").join(sentences) + _(".")


def legend(graph: Graph) -> list[tuple[str, str]]:
    """The kinds of nodes in a graph, each with its meaning and the names of its tensors."""
    entries = []
    for kind in KINDS:
        members = [node for node in graph.nodes if kind_of(node) == kind]
        tensors = [node.name for node in members if node.name and not node.is_operation]
        if tensors:
            names = _(", ").join(dict.fromkeys(tensors))
            entries.append((kind, _("{names}: {kind}").format(names=names, kind=name_of_kind(kind))))
        elif members:
            entries.append((kind, name_of_kind(kind)))
    return entries
