"""The graph that torchviz draws, as data.

torchviz names nodes after memory addresses, defines some of them twice and
leaves the layout to Graphviz. Here its drawing becomes a graph with stable
numbers in which each node and each edge stands once, so that it can be stored,
compared, described in words and drawn anew.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sitebuild.examples.forbidden_characters import replace_forbidden

if TYPE_CHECKING:
    from graphviz import Digraph

# What torchviz means by its fill colours; a node without one is an operation.
ROLE_OF_COLOUR = {
    "lightblue": "leaf",
    "darkolivegreen1": "tensor",
    "darkolivegreen3": "base",
    "orange": "saved",
}

_STATEMENT = re.compile(
    r'\s*"?(?P<name>-?\d+)"?\s*(?:->\s*"?(?P<head>-?\d+)"?\s*)?(?:\[(?P<attributes>.*)\])?\s*', re.DOTALL
)
# A value in angle brackets is a label that begins and ends with them: it stands unquoted.
_ATTRIBUTE = re.compile(r'\s*(\w+)=("(?:[^"\\]|\\.)*"|<.*>(?=\s+\w+=|\s*$)|[-.\w]+)', re.DOTALL)


@dataclass(frozen=True)
class Node:
    """A tensor or an operation of the graph.

    Attributes
    ----------
    number : int
        Its place in the order in which torchviz walked the graph.
    name : str
        Name of the operation, or of the tensor; "" for a tensor nobody named.
    roles : tuple of str
        Any of "leaf", "tensor", "base" and "saved"; empty for an operation.
    shape : str
        Shape of a tensor as torchviz prints it, "" for an operation.
    details : tuple of str
        Further lines of the label (torchviz's ``show_attrs``).
    """

    number: int
    name: str
    roles: tuple[str, ...] = ()
    shape: str = ""
    details: tuple[str, ...] = ()

    @property
    def is_operation(self) -> bool:
        """Whether the node is a step of backward rather than a tensor."""
        return not self.roles


@dataclass(frozen=True)
class Edge:
    """``tail`` was needed to compute ``head``; "kept" edges join a saved tensor to its owner."""

    tail: int
    head: int
    kept: bool = False


@dataclass(frozen=True)
class Graph:
    """A backward graph in canonical form: equal graphs are equal objects."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def predecessors(self, number: int) -> list[Node]:
        """Nodes from which an arrow leads to node ``number``."""
        return [self.nodes[edge.tail] for edge in self.edges if edge.head == number and not edge.kept]


class GraphFormatError(ValueError):
    """The drawing holds something that torchviz is not known to write."""


def _unquote(text: str) -> str:
    """The value that the package graphviz was given; it changes nothing but quotation marks."""
    return text[1:-1].replace('\\"', '"') if text.startswith('"') else text


def _parse_attributes(text: str) -> dict[str, str]:
    attributes, position, text = {}, 0, text.rstrip()
    while position < len(text):
        match = _ATTRIBUTE.match(text, position)
        if match is None:
            raise GraphFormatError(f"not attributes as torchviz writes them: {text!r}")
        attributes[match[1]] = _unquote(match[2])
        position = match.end()
    return attributes


def _parse_statement(statement: str) -> tuple[str, str | None, dict[str, str]]:
    match = _STATEMENT.fullmatch(statement)
    if match is None:
        raise GraphFormatError(f"not a node or an edge as torchviz writes them: {statement!r}")
    return match["name"], match["head"], _parse_attributes(match["attributes"] or "")


def _make_node(number: int, definitions: list[dict[str, str]]) -> Node:
    """Merge all definitions of one node; roles add up, the last label counts."""
    colours = {definition.get("fillcolor", "") for definition in definitions} - {""}
    if unknown := colours - ROLE_OF_COLOUR.keys():
        raise GraphFormatError(f"no meaning is known for the colour {min(unknown)!r}")
    label = definitions[-1].get("label", "") if definitions else ""
    lines = [replace_forbidden(line).strip() for line in label.split("\n")]
    if not colours:
        return Node(number, lines[0], details=tuple(line for line in lines[1:] if line.strip("- ")))
    roles = tuple(role for colour, role in ROLE_OF_COLOUR.items() if colour in colours)
    # The last line is the shape; a name may have been given with several.
    *name, shape = lines if len(lines) > 1 else [*lines, ""]
    return Node(number, " ".join(filter(None, name)), roles, shape=shape)


def numbers_of(drawing: Digraph) -> dict[str, int]:
    """The number of each node by the name that torchviz gave it: the ``id()`` of a tensor or of a node of autograd.

    Raises
    ------
    GraphFormatError
        If the drawing holds a statement that torchviz is not known to write.
    """
    numbers: dict[str, int] = {}
    for statement in drawing.body:
        name, head, _attributes = _parse_statement(statement)
        for mentioned in filter(None, (name, head)):
            numbers.setdefault(mentioned, len(numbers))
    return numbers


def from_torchviz(drawing: Digraph) -> Graph:
    """Read what ``torchviz.make_dot`` returned.

    Raises
    ------
    GraphFormatError
        If the drawing holds a statement or a colour that torchviz is not known to write.
    """
    numbers = numbers_of(drawing)
    definitions: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    edges: set[Edge] = set()
    for statement in drawing.body:
        name, head, attributes = _parse_statement(statement)
        if head is None:
            definitions[name].append(attributes)
        else:
            kept = attributes.get("dir") == "none"
            edges.add(Edge(numbers[name], numbers[head], kept))
    nodes = tuple(_make_node(number, definitions[name]) for name, number in numbers.items())
    # torchviz writes the line to a saved tensor either way round; here it starts at the tensor.
    turned = {
        Edge(edge.head, edge.tail, kept=True) if edge.kept and nodes[edge.tail].is_operation else edge
        for edge in edges
    }
    return Graph(nodes, tuple(sorted(turned, key=lambda edge: (edge.tail, edge.head, edge.kept))))


def save(graph: Graph, path: Path) -> None:
    """Write ``graph`` as JSON, the same bytes for equal graphs."""
    path.write_text(json.dumps(asdict(graph), indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Graph:
    """Read a graph that :func:`save` wrote."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    nodes = (
        Node(**{**node, "roles": tuple(node["roles"]), "details": tuple(node["details"])})
        for node in data["nodes"]
    )
    return Graph(tuple(nodes), tuple(Edge(**edge) for edge in data["edges"]))


def unique_names(graph: Graph) -> list[str]:
    """A name for each node, numbered where several operations or tensors share one.

    A tensor without a name is called by its shape.
    """
    plain = [node.name or node.shape or "?" for node in graph.nodes]
    shared = {name for name, count in Counter(plain).items() if count > 1}
    counts: defaultdict[str, int] = defaultdict(int)
    names = []
    for name in plain:
        counts[name] += 1
        names.append(f"{name} #{counts[name]}" if name in shared else name)
    return names
