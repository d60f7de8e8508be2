"""Watches which gradients of an example were taken with create_graph, and of what."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sitebuild.examples.running_script import is_example

if TYPE_CHECKING:
    from torch import Tensor

    # A tensor as long as it is alive elsewhere, too: it lives no longer because it was seen here.
    Reference = Callable[[], Tensor | None]


@dataclass(frozen=True)
class GradCall:
    """One call of torch.autograd.grad with create_graph, and what it returned."""

    outputs: tuple[Tensor, ...]
    inputs: tuple[Tensor, ...]
    grad_outputs: tuple[Tensor | None, ...]
    results: tuple[Tensor | None, ...]
    allow_unused: bool


@dataclass(frozen=True)
class _Seen:
    outputs: tuple[Reference, ...]
    inputs: tuple[Reference, ...]
    grad_outputs: tuple[Reference, ...]
    results: tuple[Reference, ...]
    allow_unused: bool


_seen: list[_Seen] = []


def _nothing() -> None:
    return None


def _refer(tensor: Tensor | None) -> Reference:
    return _nothing if tensor is None else weakref.ref(tensor)


def _refer_to_gradient(tensor: Tensor | None) -> Reference:
    """The gradient of 1 with which a pass begins is PyTorch's own and gone after it: it is copied."""
    if tensor is None or tensor.requires_grad or tensor.numel() > 1:
        return _refer(tensor)
    copy = tensor.detach().clone()
    return lambda: copy


def _note(outputs: Sequence[Any], grads: Sequence[Any], inputs: Sequence[Any], allow_unused: bool, results: Any) -> None:
    import torch

    if all(isinstance(each, torch.Tensor) for each in (*outputs, *inputs)):  # not edges of the graph
        groups = (tuple(map(_refer, outputs)), tuple(map(_refer, inputs)), tuple(map(_refer_to_gradient, grads)))
        _seen.append(_Seen(*groups, tuple(map(_refer, results)), allow_unused))


def start() -> None:
    """Watch from now on.

    torch.autograd.grad itself stays: torch.compile knows it by its identity, and scripts show what it makes of it.
    """
    import torch

    _seen.clear()
    run = torch.autograd._engine_run_backward
    if hasattr(run, "__wrapped__"):
        return

    @functools.wraps(run)
    def observed(outputs: Any, *args: Any, **options: Any) -> Any:
        results = run(outputs, *args, **options)
        grads, _retain_graph, create_graph, inputs, *others = args
        caller = sys._getframe(1).f_back  # the frame above is that of torch.autograd.grad
        if create_graph and others and caller is not None and is_example(caller):
            _note(outputs, grads, inputs, bool(others[0]), results)
        return results

    torch.autograd._engine_run_backward = observed


def _alive(references: Iterable[Reference]) -> tuple[Any, ...] | None:
    """The tensors, None if one of them is gone."""
    tensors = tuple(refer() for refer in references)
    gone = any(tensor is None and refer is not _nothing for tensor, refer in zip(tensors, references, strict=True))
    return None if gone else tensors


def call_behind(tensors: Iterable[Tensor]) -> GradCall | None:
    """The last call that returned one of ``tensors``, if all of its own are still alive."""
    wanted = {id(tensor) for tensor in tensors}
    for seen in reversed(_seen):
        if wanted.isdisjoint(id(refer()) for refer in seen.results if refer() is not None):
            continue
        groups = [_alive(group) for group in (seen.outputs, seen.inputs, seen.grad_outputs, seen.results)]
        return None if any(group is None for group in groups) else GradCall(*groups, seen.allow_unused)
    return None
