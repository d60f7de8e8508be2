"""Whatever torchviz draws becomes the same graph, survives its file, and is drawn as a safe picture.

The examples are derandomized: a run in CI finds what a run at home finds. Each picture costs a run of
dot, some hundredths of a second, so that only few are drawn.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
import torchviz
from graphviz import Digraph
from hypothesis import given, settings
from hypothesis import strategies as st

from sitebuild.graphs import directive as graph_directive
from sitebuild.graphs import record as graph_record
from sitebuild.graphs import svg as graph_svg

stable = settings(derandomize=True, deadline=None, max_examples=200)
SVG = "{http://www.w3.org/2000/svg}"
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=15),
    st.text("<>[]\"'\\&;=-\n {}#", max_size=8),
    st.sampled_from(
        ["", "<script>alert(1)</script>", "<b>", "]]>", '" onclick="x', "javascript:x", '<a"b>', "a -> b"]
    )
    | st.sampled_from(
        ['x" fillcolor=orange]', "[label=y]", 'data-node="0"', "x" * 200, "C:\\new", "-->", "\\N", "1.5"]
    ),
)
COLOURS = st.sampled_from(sorted(graph_record.ROLE_OF_COLOUR))
Calls = list[tuple]


@st.composite
def drawings(draw: st.DrawFn, size: int = 8) -> Calls:
    """Calls as torchviz makes them: a node, perhaps once more with another colour, and its edges."""
    calls: Calls = []
    numbers = draw(st.lists(st.integers(10**12, 10**14).map(str), min_size=1, max_size=size, unique=True))
    for name in numbers:
        if draw(st.booleans()):
            label = draw(TEXT) + draw(st.sampled_from(["", "\n-----\na: 1\nb: [saved tensor]"]))
            calls.append(("node", name, label.rstrip("\n"), {}))
        else:
            label = f"{draw(TEXT)}\n {draw(st.sampled_from(['()', '(3)', '(2, 3)']))}"
            for colour in draw(st.lists(COLOURS, min_size=1, max_size=2)):
                calls.append(("node", name, label, {"fillcolor": colour}))
    for _ in range(draw(st.integers(0, 2 * len(numbers)))):
        ends = draw(st.sampled_from(numbers)), draw(st.sampled_from(numbers))
        attributes = draw(st.sampled_from([{}, {}, {"dir": "none"}, {"style": "dotted"}]))
        calls.insert(draw(st.integers(0, len(calls))), ("edge", *ends, attributes))
    return calls


def make(calls: Calls) -> Digraph:
    drawing = Digraph()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a label that ends with a backslash
        for kind, *arguments, attributes in calls:
            getattr(drawing, kind)(*arguments, **attributes)
    return drawing


def read(calls: Calls) -> graph_record.Graph | None:
    """The graph of a drawing; None if it holds a label that Graphviz could not read either."""
    try:
        return graph_record.from_torchviz(make(calls))
    except graph_record.GraphFormatError:
        labels = [call[2] for call in calls if call[0] == "node"]
        assert any(re.search(r"(?<!\\)(?:\\\\)*\\$", label) for label in labels)
        return None


def expected_lines(label: str) -> list[str]:
    """Lines of a label; the package graphviz takes ``\\"`` for a quotation mark, unless the label is in brackets."""
    if not re.fullmatch("<.*>", label, re.DOTALL):
        label = re.sub(r'((?:\\\\)*)\\?"', r'\1"', label)
    harmless = re.sub(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]", "\ufffd", label
    )
    return [line.strip() for line in harmless.split("\n")]


def assert_same(graph: graph_record.Graph, calls: Calls) -> None:
    """Each node and each edge is there once and no other is, so that reachability is the same, too."""
    mentioned = dict.fromkeys(
        name for kind, *rest in calls for name in (rest[:1] if kind == "node" else rest[:2])
    )
    numbers = {name: number for number, name in enumerate(mentioned)}
    assert len(graph.nodes) == len(numbers)
    for name, number in numbers.items():
        node, definitions = graph.nodes[number], [call for call in calls if call[:2] == ("node", name)]
        colours = {call[3]["fillcolor"] for call in definitions if call[3]}
        assert set(node.roles) == {graph_record.ROLE_OF_COLOUR[colour] for colour in colours}
        first, *others = expected_lines(definitions[-1][2])
        if colours:
            assert (node.name, node.shape) == (" ".join(filter(None, [first, *others[:-1]])), others[-1])
        else:
            assert (node.name, node.details) == (first, tuple(line for line in others if line.strip("- ")))
    edges = [
        (numbers[a], numbers[b], how.get("dir") == "none") for kind, a, b, how in calls if kind == "edge"
    ]
    assert {(edge.tail, edge.head) for edge in graph.edges if not edge.kept} == {
        (a, b) for a, b, kept in edges if not kept
    }
    assert {frozenset((edge.tail, edge.head)) for edge in graph.edges if edge.kept} == {
        frozenset((a, b)) for a, b, kept in edges if kept
    }
    assert len(set(graph.edges)) == len(graph.edges)


@stable
@given(drawings())
def test_the_graph_is_that_of_the_calls(calls: Calls) -> None:
    if (graph := read(calls)) is not None:
        assert_same(graph, calls)


class Recorder(Digraph):
    """Takes down the calls of torchviz."""

    def __init__(self, **attributes: dict[str, str]) -> None:
        super().__init__(**attributes)
        self.calls: Calls = []

    def node(self, name: str, label: str, **attributes: str) -> None:
        self.calls.append(("node", name, label, attributes))
        super().node(name, label, **attributes)

    def edge(self, tail: str, head: str, **attributes: str) -> None:
        self.calls.append(("edge", tail, head, attributes))
        super().edge(tail, head, **attributes)


class Keep(torch.autograd.Function):
    @staticmethod
    def forward(ctx, first, second):
        ctx.save_for_backward(first, second)
        return first + second

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output, grad_output


OPERATIONS = [torch.mul, torch.matmul, Keep.apply]
OPERATIONS += [lambda first, second: first.t(), lambda first, second: torch.cat([first, second])[:2]]


@st.composite
def expressions(draw: st.DrawFn) -> tuple[tuple[torch.Tensor, ...], dict[str, torch.Tensor]]:
    """Results of some operations on each other's results, and tensors with names."""
    values = [torch.ones(2, 2, requires_grad=True), torch.ones(2, 2, requires_grad=True)]
    for operation in draw(st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=8)):
        values.append(operation(draw(st.sampled_from(values)), draw(st.sampled_from(values))))
    names = draw(st.lists(TEXT, min_size=2, max_size=4, unique=True))
    return tuple(values[-draw(st.integers(1, 2)) :]), dict(zip(names, values, strict=False))


@stable
@given(expressions(), st.booleans(), st.booleans())
def test_the_graph_is_that_of_torchviz(
    expression: tuple[tuple[torch.Tensor, ...], dict[str, torch.Tensor]], attributes: bool, saved: bool
) -> None:
    results, names = expression
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torchviz.dot, "Digraph", Recorder)
        drawing = torchviz.make_dot(results, names, show_attrs=attributes, show_saved=saved)
    assert_same(graph_record.from_torchviz(drawing), drawing.calls)


@stable
@given(drawings())
def test_a_graph_survives_its_file(calls: Calls) -> None:
    if (graph := read(calls)) is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        graph_record.save(graph, Path(folder) / "graph.json")
        assert graph_record.load(Path(folder) / "graph.json") == graph


@settings(stable, max_examples=25)
@given(drawings(size=4))
def test_a_picture_is_xml_that_shows_labels_and_does_nothing(calls: Calls) -> None:
    if (graph := read(calls)) is None:
        return
    names = graph_record.unique_names(graph)
    picture = graph_directive.add_words(graph_svg.draw(graph, names), graph)
    root = ElementTree.fromstring(picture)
    assert {element.tag for element in root.iter()} <= {
        SVG + tag for tag in ("svg", "g", "rect", "text", "path", "polygon")
    }
    for element in root.iter():
        assert {name for name in element.attrib if name.startswith("on") or "href" in name} == set()
    boxes = sorted(root.findall(f"{SVG}g[@data-node]"), key=lambda box: int(box.get("data-node")))
    assert [box.get("data-name") for box in boxes] == names
    assert all(box.get("data-about") for box in boxes)
    for node, box in zip(graph.nodes, boxes, strict=True):
        texts = [text.text for text in box.iter(f"{SVG}text")]
        whole = [line for line in (node.name, node.shape, *node.details) if line] or ["?"]
        assert texts == [line if len(line) <= 80 else f"{line[:79]}…" for line in whole]
