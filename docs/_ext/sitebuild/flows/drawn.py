"""What is drawn: the numbers that tensors and nodes of autograd have in the stored graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sitebuild.flows.grad_calls import GradCall
from sitebuild.flows.record import Saved
from sitebuild.flows.recorder import read_by
from sitebuild.graphs import record as graph_record
from sitebuild.graphs.calls import Call
from sitebuild.graphs.history import history, node_of

if TYPE_CHECKING:
    from torch import Tensor
    from torch.autograd.graph import Node


def _same_memory(one: Tensor, other: Tensor) -> bool:
    return one.data_ptr() == other.data_ptr() and one.shape == other.shape and one.numel() > 0


def _node(tensor: Tensor | None) -> Node | None:
    return None if tensor is None else node_of(tensor)


def _form(node: Node) -> tuple[str, list[int]]:
    """What equal nodes of two graphs have in common."""
    return type(node).__name__, [output for _node, output in node.next_functions]


class Drawn:
    """One drawing, as long as what it shows is there.

    Parameters
    ----------
    call : Call
        The call of make_dot.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        # Only what is held here: torchviz has let go of others, and their id() may belong to something new by now.
        self._held = [*call.nodes, *call.tensors, *call.names.values(), *self.leaves(())]
        numbers = graph_record.numbers_of(call.drawing)
        self._numbers = {id(each): numbers[str(id(each))] for each in self._held if str(id(each)) in numbers}
        self._graph = graph_record.from_torchviz(call.drawing)
        # Read before any pass, as the script left them.
        self._saved = read_by(call.nodes)

    def number(self, shown: Tensor | Node | None) -> int | None:
        """The number of a tensor or a node, None if it is not drawn."""
        return self._numbers.get(id(shown))

    def all_nodes(self, roots: Iterable[Tensor]) -> list[Node]:
        """The nodes that are drawn, and those behind ``roots``."""
        return history([*self.call.nodes, *map(node_of, roots)])

    def leaves(self, roots: Iterable[Tensor]) -> list[Tensor]:
        """All leaf tensors among them."""
        return [node.variable for node in self.all_nodes(roots) if hasattr(node, "variable")]

    def targets(self, first: GradCall) -> list[Tensor]:
        """Tensors with a name on which the results of ``first`` may depend."""
        candidates = [*first.inputs, *(each for each in first.grad_outputs if each is not None), *self.leaves(())]
        named = {id(tensor) for tensor in self.call.names.values()}
        unique = {id(each): each for each in candidates if id(each) in named and self.number(each) is not None}
        return [each for each in unique.values() if each.requires_grad]

    def saved_of(self, node: Node) -> list[tuple[Saved, Tensor]]:
        """The saved tensors of ``node``."""
        return self._saved.get(node, [])

    def outlined(self, node: Node, saved: Sequence[Tensor]) -> tuple[int, ...]:
        """Numbers under which the saved tensors of ``node`` are drawn: its own, and named tensors in the same memory."""
        own = {edge.tail for edge in self._graph.edges if edge.kept and edge.head == self.number(node)}
        named = {self.number(each) for each in self.call.names.values() for kept in saved if _same_memory(each, kept)}
        return tuple(sorted((own | named) - {None}))

    def match(self, fresh: Sequence[Tensor | None], drawn: Sequence[Tensor | None]) -> dict[Node, Node] | None:
        """Which node of the drawing each node of a new, equal graph stands for; None if the graphs differ."""
        if len(fresh) != len(drawn):
            return None
        found: dict[Node | None, Node | None] = {None: None}
        waiting = list(zip(map(_node, fresh), map(_node, drawn), strict=True))
        while waiting:
            one, other = waiting.pop()
            if one in found:
                if found[one] is not other:
                    return None
                continue
            if other is None or _form(one) != _form(other):
                return None
            found[one] = other
            if one is not other:
                ends = ([node for node, _output in each.next_functions] for each in (one, other))
                waiting += zip(*ends, strict=True)
        del found[None]
        return found
