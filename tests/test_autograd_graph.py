"""torchviz's drawings become canonical graphs and safe pictures."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from conftest import Site
from graphviz import Digraph
from hypothesis import given, settings
from hypothesis import strategies as st
from torchviz import make_dot

from sitebuild.graphs import record as graph_record
from sitebuild.graphs import svg as graph_svg


def draw_square() -> Digraph:
    x = torch.ones(3, requires_grad=True)
    out = x * x
    return make_dot(out, params={"x": x, "out": out})


def test_two_runs_give_equal_graphs() -> None:
    first, second = draw_square(), draw_square()
    assert graph_record.from_torchviz(first) == graph_record.from_torchviz(second)


def test_nodes_are_merged_and_named() -> None:
    graph = graph_record.from_torchviz(draw_square())
    assert [(node.name, node.roles) for node in graph.nodes] == [
        ("out", ("tensor",)),
        ("MulBackward0", ()),
        ("AccumulateGrad", ()),
        ("x", ("leaf",)),
    ]
    # x * x uses x twice, but one arrow says so.
    assert [(edge.tail, edge.head) for edge in graph.edges] == [(1, 0), (2, 1), (3, 2)]


def test_a_line_to_a_saved_tensor_starts_at_the_tensor() -> None:
    x = torch.ones(3, requires_grad=True)
    out = torch.sin(x)
    graph = graph_record.from_torchviz(make_dot(out, params={"x": x, "out": out}, show_saved=True))
    kept = [(graph.nodes[edge.tail].roles, graph.nodes[edge.head].name) for edge in graph.edges if edge.kept]
    assert kept == [(("leaf", "saved"), "SinBackward0")]


def test_a_graph_survives_its_file(tmp_path: Path) -> None:
    graph = graph_record.from_torchviz(draw_square())
    graph_record.save(graph, tmp_path / "graph.json")
    assert graph_record.load(tmp_path / "graph.json") == graph


def test_the_picture_is_the_same_each_time_and_has_no_colour() -> None:
    graph = graph_record.from_torchviz(draw_square())
    names = graph_record.unique_names(graph)
    picture = graph_svg.draw(graph, names)
    assert picture == graph_svg.draw(graph, names)
    assert "fill=" not in picture and "stroke=" not in picture
    texts = [element.text for element in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(texts) == sorted(["out", "(3)", "MulBackward0", "AccumulateGrad", "x", "(3)"])


def test_an_unknown_colour_is_refused() -> None:
    drawing = Digraph()
    drawing.node("1", "a", fillcolor="red")
    with pytest.raises(graph_record.GraphFormatError, match="red"):
        graph_record.from_torchviz(drawing)


def test_a_missing_dot_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(graph_svg.GraphvizError, match="'dot' is not on the PATH"):
        graph_svg.draw(graph_record.from_torchviz(draw_square()), ["a", "b", "c", "d"])


def test_a_label_cannot_become_markup() -> None:
    graph = graph_record.Graph((graph_record.Node(0, '<script>alert("1")</script>'),), ())
    picture = graph_svg.draw(graph, graph_record.unique_names(graph))
    assert not list(ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}script"))
    assert "<script" not in picture


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_reachability_is_kept(pairs: list[tuple[int, int]]) -> None:
    drawing = Digraph()
    for tail, head in pairs:
        drawing.edge(str(tail + 10**12), str(head + 10**12))
        drawing.node(str(tail + 10**12), f"op{tail}")
        drawing.node(str(head + 10**12), f"op{head}")
    graph = graph_record.from_torchviz(drawing)
    found = {(graph.nodes[edge.tail].name, graph.nodes[edge.head].name) for edge in graph.edges}
    assert found == {(f"op{tail}", f"op{head}") for tail, head in pairs}
    assert len(graph.nodes) == len({end for pair in pairs for end in pair})


def test_a_drawing_that_no_block_shows_is_named(small_site: Site) -> None:
    start = "import torch\nfrom torchviz import make_dot\n\nx = torch.ones(1, requires_grad=True)\n"
    small_site.add_example("hidden", start + "make_dot(x * 2)\nprint('done')\n")
    result = small_site.build()
    assert result.returncode == 1
    message = "line 12 draws a graph, and the page does not show it; let make_dot(...) be the last expression of its block"
    assert f"gallery/double_backward/hidden.py: {message}" in result.stderr
    small_site.edit("gallery/double_backward/hidden.py", "make_dot(x * 2)\nprint('done')", "print('done')\nmake_dot(x * 2)")
    result = small_site.build()
    assert result.returncode == 0, result.stderr
    assert small_site.page("en", "double_backward/hidden").select_one("svg") is not None
