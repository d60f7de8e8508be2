"""The backward passes over a drawn graph, as data: what each node received, read and passed on, in the order of the run.

Nodes and tensors go by their numbers in the graph (see graphs/record.py); what is not drawn has none.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

SMALL = 4  # elements up to which the values of a tensor are told
DIGITS = 4


@dataclass(frozen=True)
class Value:
    """What a tensor holds: its elements if they are few, else how large it is.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    numbers : tuple of str
        The elements, row by row; empty if there are more than :data:`SMALL`.
    norm : str
        The root of the sum of their squares.
    """

    shape: tuple[int, ...]
    dtype: str
    numbers: tuple[str, ...]
    norm: str


@dataclass(frozen=True)
class Sent:
    """A gradient on its way along an edge; None stands for no gradient, which counts as zero."""

    value: Value | None
    to: int | None
    to_name: str


@dataclass(frozen=True)
class Saved:
    """A saved tensor that a node reads, and the node's name for it; "" if it has none."""

    name: str
    value: Value


@dataclass(frozen=True)
class Step:
    """One node at work.

    Attributes
    ----------
    node, name : int or None, str
        Its number, and what autograd calls it.
    received : tuple of (Value or None)
        One gradient for each of its outputs.
    reads : tuple of Saved
        Its saved tensors.
    outlined : tuple of int
        Those of them that are drawn, under whatever name.
    sent : tuple of Sent
        What it passed on.
    adds : tuple of int
        Nodes that it added to the graph, because create_graph was set.
    leads_to, leads_not_to : tuple of int
        Tensors to which the history of what it passed on leads, and to which it does not; told only if it added nodes.
    """

    node: int | None
    name: str
    received: tuple[Value | None, ...]
    reads: tuple[Saved, ...] = ()
    outlined: tuple[int, ...] = ()
    sent: tuple[Sent, ...] = ()
    adds: tuple[int, ...] = ()
    leads_to: tuple[int, ...] = ()
    leads_not_to: tuple[int, ...] = ()


@dataclass(frozen=True)
class End:
    """The gradient that arrived at a tensor, None if none did, and the number under which this gradient is drawn itself."""

    tensor: int | None
    value: Value | None
    result: int | None = None


@dataclass(frozen=True)
class Pass:
    """One backward pass.

    Attributes
    ----------
    create_graph : bool
        Whether its steps became a part of the graph.
    starts : tuple of Sent
        The gradients with which it began, and the tensors at which they entered.
    steps : tuple of Step
        In the order of the run.
    ends : tuple of End
        What arrived where.
    error : str
        What it raised, "" if nothing.
    repeats : bool
        Whether it gave the same gradients when it ran again. If not, it has no steps.
    """

    create_graph: bool
    starts: tuple[Sent, ...]
    steps: tuple[Step, ...]
    ends: tuple[End, ...]
    error: str = ""
    repeats: bool = True


@dataclass(frozen=True)
class Flow:
    """The passes over one drawing, in their order, or why they were not recorded."""

    passes: tuple[Pass, ...]
    complaint: str = ""


def _written(number: float | complex) -> str:
    text = f"{number:.{DIGITS}g}"
    return "0" if text == "-0" else text


def value_of(tensor: Tensor | None) -> Value | None:
    """Write down what ``tensor`` holds."""
    if tensor is None:
        return None
    dense = tensor.detach().to_dense() if tensor.is_sparse else tensor.detach()
    flat = dense.flatten()
    numbers = tuple(map(_written, flat.tolist())) if flat.numel() <= SMALL else ()
    dtype = str(tensor.dtype).removeprefix("torch.")
    norm = flat.abs().double().norm().item()
    return Value(tuple(tensor.shape), dtype, numbers, _written(norm))


def to_json(flow: Flow) -> str:
    """Write a flow as JSON, the same text for equal flows."""
    return json.dumps(asdict(flow), indent=1) + "\n"


def _value(data: dict[str, Any] | None) -> Value | None:
    if data is None:
        return None
    return Value(tuple(data["shape"]), data["dtype"], tuple(data["numbers"]), data["norm"])


def _sent(data: list[dict[str, Any]]) -> tuple[Sent, ...]:
    return tuple(Sent(**{**each, "value": _value(each["value"])}) for each in data)


def _step(data: dict[str, Any]) -> Step:
    numbers = {name: tuple(data[name]) for name in ("outlined", "adds", "leads_to", "leads_not_to")}
    reads = tuple(Saved(each["name"], _value(each["value"])) for each in data["reads"])
    received = tuple(map(_value, data["received"]))
    return Step(data["node"], data["name"], received, reads, sent=_sent(data["sent"]), **numbers)


def _pass(data: dict[str, Any]) -> Pass:
    ends = tuple(End(**{**end, "value": _value(end["value"])}) for end in data["ends"])
    steps = tuple(map(_step, data["steps"]))
    return Pass(data["create_graph"], _sent(data["starts"]), steps, ends, data["error"], data["repeats"])


def load(path: Path) -> Flow:
    """Read the flow in a file."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Flow(tuple(map(_pass, data["passes"])), data["complaint"])
