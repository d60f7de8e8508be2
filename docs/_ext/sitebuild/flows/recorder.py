"""Takes down what the nodes of a graph do while a backward pass runs over them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sitebuild.flows.record import Saved, Value, value_of
from sitebuild.graphs.history import history, node_of

if TYPE_CHECKING:
    from torch import Tensor
    from torch.autograd.graph import Node

SAVED = "_saved_"  # PyTorch's own nodes offer their saved tensors under names that begin so


@dataclass
class Turn:
    """One node at work, with the tensors and the nodes themselves.

    Attributes
    ----------
    created : list of Node
        New nodes that the gradients it got, or those it passed on, came with.
    reached : list of Node
        The history of what it passed on.
    """

    node: Node
    received: tuple[Value | None, ...]
    sent: list[tuple[Value | None, Node]] = field(default_factory=list)
    created: list[Node] = field(default_factory=list)
    reached: list[Node] = field(default_factory=list)


def saved_tensors(node: Node) -> list[tuple[str, Tensor]]:
    """The tensors that ``node`` keeps, with its own names for them."""
    import torch

    named: list[tuple[str, Any]] = [("", each) for each in getattr(node, "saved_tensors", ())]
    for attribute in dir(node):
        if attribute.startswith(SAVED):
            value, name = getattr(node, attribute), attribute.removeprefix(SAVED)
            several = enumerate(value) if isinstance(value, tuple) else ()
            named += [(f"{name}[{index}]", each) for index, each in several] or [(name, value)]
    return [(name, value) for name, value in named if isinstance(value, torch.Tensor)]


class Recorder:
    """Records one pass, within a ``with`` statement.

    Parameters
    ----------
    nodes : iterable of Node
        Those that the pass may run, and any others that are there before.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.turns: list[Turn] = []
        self._nodes = list(nodes)
        self._seen = dict.fromkeys(self._nodes)
        self._handles: list[Any] = []

    def __enter__(self) -> Recorder:
        for node in self._nodes:
            self._handles.append(node.register_prehook(self._before(node)))
            self._handles.append(node.register_hook(self._after(node)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def _created(self, gradients: Iterable[Tensor | None]) -> list[Node]:
        made = history(each.grad_fn for each in gradients if each is not None)
        new = [node for node in made if node not in self._seen]
        self._seen.update(dict.fromkeys(new))
        return new

    def _before(self, node: Node) -> Any:
        def hook(gradients: tuple[Tensor | None, ...]) -> None:
            turn = Turn(node, tuple(map(value_of, gradients)))
            turn.created += self._created(gradients)
            self.turns.append(turn)

        return hook

    def _after(self, node: Node) -> Any:
        def hook(gradients: tuple[Tensor | None, ...], _received: tuple[Tensor | None, ...]) -> None:
            turn = next(turn for turn in reversed(self.turns) if turn.node is node)
            following = [each for each, _output in node.next_functions]
            pairs = zip(gradients, following, strict=True) if gradients else ()  # AccumulateGrad passes nothing on
            turn.sent += [(value_of(gradient), each) for gradient, each in pairs if each is not None]
            turn.created += self._created(gradients)
            turn.reached = history(node_of(each) for each in gradients if each is not None)

        return hook


def read_by(nodes: Iterable[Node]) -> dict[Node, list[tuple[Saved, Tensor]]]:
    """The saved tensors of ``nodes``."""
    return {
        node: [(Saved(name, value_of(tensor)), tensor) for name, tensor in saved_tensors(node)] for node in nodes
    }
