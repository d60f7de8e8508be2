"""Draws a graph as SVG that takes its colours from the page.

Graphviz only places nodes and edges, in a process of its own: node sizes are
fixed before, from the length of their text in a monospaced font, so that the
drawing does not depend on the fonts of the machine.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
from functools import lru_cache
from html import escape
from typing import Any

from sitebuild.graphs.record import Graph, Node

POINTS_PER_INCH = 72
FONT_SIZE = 12.0  # points
# 0.6 em is the advance of nearly every monospaced font; a little more leaves room for the rest.
CHARACTER_WIDTH = 0.62 * FONT_SIZE
LINE_HEIGHT = 1.35 * FONT_SIZE
PADDING_X, PADDING_Y = 10.0, 6.0  # points around the text of a node
MARGIN = 6.0  # points around the drawing
ARROW_LENGTH = 7.0  # points
LONGEST_LINE = 80  # characters on a node; the rest is told in words beside the drawing


class GraphvizError(RuntimeError):
    """``dot`` is missing, failed, or wrote something that is no drawing."""


def _run_dot(arguments: list[str], source: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["dot", *arguments], input=source, capture_output=True, text=True, timeout=60, check=False
        )
    except FileNotFoundError as error:
        raise GraphvizError("Graphviz's 'dot' is not on the PATH; install the package 'graphviz'") from error
    except subprocess.TimeoutExpired as error:
        raise GraphvizError("'dot' did not finish a drawing within 60 s") from error


@lru_cache(maxsize=1)
def graphviz_version() -> str:
    """Version of the ``dot`` on the PATH, such as "2.43.0"."""
    match = re.search(r"graphviz version (\S+)", _run_dot(["-V"]).stderr)
    if match is None:
        raise GraphvizError("'dot -V' does not tell its version")
    return match[1]


def label_lines(node: Node) -> list[str]:
    """What is written on a node, line by line."""
    lines = [line for line in (node.name, node.shape, *node.details) if line] or ["?"]
    return [line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…" for line in lines]


def _size(node: Node) -> tuple[float, float]:
    """Width and height of a node in points."""
    lines = label_lines(node)
    width = max(map(len, lines)) * CHARACTER_WIDTH + 2 * PADDING_X
    return width, len(lines) * LINE_HEIGHT + 2 * PADDING_Y


def to_dot(graph: Graph) -> str:
    """The graph in Graphviz's language: sizes and edges, no text and no colour."""
    lines = ["digraph {", "rankdir=TB; nodesep=0.3; ranksep=0.35;", "node [shape=box fixedsize=true];"]
    for node in graph.nodes:
        width, height = (extent / POINTS_PER_INCH for extent in _size(node))
        lines.append(f'{node.number} [width={width:.4f} height={height:.4f} label=""];')
    for edge in graph.edges:
        lines.append(f"{edge.tail} -> {edge.head}{' [dir=none]' if edge.kept else ''};")
    return "\n".join([*lines, "}"])


def _layout(graph: Graph) -> dict[str, Any]:
    result = _run_dot(["-Tjson"], to_dot(graph))
    if result.returncode != 0 or result.stderr.strip():
        complaint = result.stderr.strip().splitlines() or ["no message"]
        how = f"ended with status {result.returncode}"
        if result.returncode < 0:
            how = f"was ended by {signal.Signals(-result.returncode).name}"
        raise GraphvizError(f"'dot' {how}: {complaint[0]}")
    try:
        layout = json.loads(result.stdout)
    except ValueError as error:
        raise GraphvizError("'dot' wrote a drawing that cannot be read") from error
    if len(layout.get("objects", [])) != len(graph.nodes):
        raise GraphvizError("'dot' did not place every node")
    return layout


def _points(text: str, height: float) -> list[tuple[float, float]]:
    """Coordinates as Graphviz writes them ("x,y x,y"), turned so that y points down."""
    pairs = (pair.split(",") for pair in text.split())
    return [(float(x) + MARGIN, height - float(y) + MARGIN) for x, y in pairs]


def _draw_node(node: Node, name: str, position: str, height: float) -> str:
    (x, y), (width, node_height) = _points(position, height)[0], _size(node)
    lines = label_lines(node)
    # Baselines: the block of lines is centred, a line's baseline lies 0.35 em under its middle.
    first = y - (len(lines) - 1) * LINE_HEIGHT / 2 + 0.35 * FONT_SIZE
    texts = "".join(
        f'<text x="{x:.1f}" y="{first + index * LINE_HEIGHT:.1f}">{escape(line)}</text>'
        for index, line in enumerate(lines)
    )
    kind = " ".join(node.roles) or "operation"
    return (
        f'<g class="node {kind}" data-node="{node.number}" data-name="{escape(name)}">'
        f'<rect x="{x - width / 2:.1f}" y="{y - node_height / 2:.1f}" '
        f'width="{width:.1f}" height="{node_height:.1f}" rx="4"/>{texts}</g>'
    )


def _arrow_head(base: tuple[float, float], tip: tuple[float, float]) -> str:
    """A triangle from ``base``, where the curve ends, to ``tip``."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = max((dx * dx + dy * dy) ** 0.5, 1e-9)
    side_x, side_y = -dy / length * ARROW_LENGTH / 2.4, dx / length * ARROW_LENGTH / 2.4
    corners = [tip, (base[0] + side_x, base[1] + side_y), (base[0] - side_x, base[1] - side_y)]
    return '<polygon points="' + " ".join(f"{x:.1f},{y:.1f}" for x, y in corners) + '"/>'


def _draw_edge(tail: int, head: int, position: str, height: float, kept: bool) -> str:
    tip = None
    if position.startswith("e,"):
        end, _, position = position[2:].partition(" ")
        tip = _points(end, height)[0]
    start, *rest = _points(position, height)
    curve = f"M{start[0]:.1f},{start[1]:.1f} C" + " ".join(f"{x:.1f},{y:.1f}" for x, y in rest)
    arrow = _arrow_head(rest[-1], tip) if tip else ""
    kind = "edge kept" if kept else "edge"
    return f'<g class="{kind}" data-tail="{tail}" data-head="{head}"><path d="{curve}"/>{arrow}</g>'


def draw(graph: Graph, names: list[str]) -> str:
    """Body of an SVG drawing of ``graph`` and its size.

    Parameters
    ----------
    graph : Graph
    names : list of str
        One unambiguous name per node, for scripts and assistive software.

    Returns
    -------
    str
        An ``<svg>`` element with classes instead of colours. It has no title: the caller, who knows
        the language of the page, wraps it.

    Raises
    ------
    GraphvizError
        If ``dot`` is missing or does not deliver a drawing.
    """
    layout = _layout(graph)
    width, height = (float(extent) for extent in layout["bb"].split(",")[2:])
    number_of = {item["_gvid"]: int(item["name"]) for item in layout["objects"]}
    edges = []
    for item in layout.get("edges", []):
        tail, head = number_of[item["tail"]], number_of[item["head"]]
        edges.append(_draw_edge(tail, head, item["pos"], height, kept=item.get("dir") == "none"))
    boxes = []
    for item in layout["objects"]:
        node = graph.nodes[int(item["name"])]
        boxes.append(_draw_node(node, names[node.number], item["pos"], height))
    full_width, full_height = width + 2 * MARGIN, height + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full_width:.1f} {full_height:.1f}" '
        f'width="{full_width:.0f}" height="{full_height:.0f}">' + "".join(edges) + "".join(boxes) + "</svg>"
    )
