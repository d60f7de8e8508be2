"""Walks the graph of autograd as torchviz does: from tensors to the nodes that made them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch.autograd.graph import Node


def node_of(tensor: Tensor) -> Node | None:
    """The node that a gradient of ``tensor`` reaches first; None if it requires no gradient."""
    from torch.autograd.graph import get_gradient_edge

    return get_gradient_edge(tensor).node if tensor.requires_grad else None


def history(starts: Iterable[Node | None]) -> list[Node]:
    """All nodes that can be reached from ``starts``, these included, each once.

    Python's object for a node lives only as long as somebody holds it: so does its ``id()``.
    """
    found: dict[Node, None] = {}
    waiting = list(starts)
    while waiting:
        node = waiting.pop(0)
        if node is not None and node not in found:
            found[node] = None
            waiting += [following for following, _output in node.next_functions]
    return list(found)
