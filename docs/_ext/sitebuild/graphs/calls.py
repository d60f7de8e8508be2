"""Watches what an example draws with make_dot, and tells those who listen."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sitebuild.examples import running_script
from sitebuild.graphs.history import history, node_of

if TYPE_CHECKING:
    from graphviz import Digraph
    from torch import Tensor
    from torch.autograd.graph import Node


@dataclass(frozen=True)
class Call:
    """One call of make_dot. It is told while the call lasts: nobody may keep it, or tensors would live too long.

    Attributes
    ----------
    line : int
        Of the script.
    drawing : Digraph
        What make_dot returned.
    tensors : tuple of Tensor
        What it was asked to draw.
    names : mapping
        The names that it was given for tensors.
    nodes : list of Node
        All nodes of autograd in the drawing, whose names there are their ``id()``.
    """

    line: int
    drawing: Digraph
    tensors: tuple[Tensor, ...]
    names: Mapping[str, Tensor]
    nodes: list[Node]


_listeners: list[Callable[[Call], None]] = []


def _observe() -> None:
    import torchviz

    make_dot = torchviz.make_dot

    @functools.wraps(make_dot)
    def observed(var: Any, params: Any = None, *args: Any, **options: Any) -> Any:
        caller = sys._getframe(1)
        if not running_script.is_example(caller):
            return make_dot(var, params, *args, **options)
        tensors = var if isinstance(var, tuple) else (var,)
        nodes = history(map(node_of, tensors))  # held, so that torchviz sees the same objects
        drawing = make_dot(var, params, *args, **options)
        call = Call(running_script.line_of(caller), drawing, tensors, params or {}, nodes)
        for listener in _listeners:
            listener(call)
        return drawing

    torchviz.make_dot = observed


def listen(listener: Callable[[Call], None]) -> None:
    """Let ``listener`` know of every drawing of the example from now on."""
    if not _listeners:
        _observe()
    _listeners.append(listener)
