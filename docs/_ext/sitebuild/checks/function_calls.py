"""Observes which Functions an example calls, and on which inputs.

Not every Function of an example is checked by itself: one that only backward calls, or one that
raises. What it can do is tried on the inputs of its first call.
"""

from __future__ import annotations

from typing import Any

from sitebuild.examples.running_script import EXAMPLE

# Elements in all inputs together: a copy takes memory.
LARGEST = 4096

# What was called since the last call of `start`: Function and copies of its inputs.
_called: dict[type, tuple[Any, ...]] = {}


def _can_be_kept(inputs: tuple[Any, ...]) -> bool:
    """Whether a copy of ``inputs`` is small, and whether nothing that the example does would notice it."""
    import torch
    from torch.utils import _python_dispatch

    if torch._C._are_functorch_transforms_active() or _python_dispatch._get_current_dispatch_mode():
        return False
    tensors = [each for each in inputs if isinstance(each, torch.Tensor)]
    plain = all(type(each) in (torch.Tensor, torch.nn.Parameter) for each in tensors)
    return plain and sum(each.numel() for each in tensors) <= LARGEST


def _keep(function: type, inputs: tuple[Any, ...]) -> None:
    import torch

    if function.__module__ == EXAMPLE and function not in _called and _can_be_kept(inputs):
        # Copies: an example may go on to change its tensors, or to see when they are freed.
        _called[function] = tuple(each.detach().clone() if isinstance(each, torch.Tensor) else each for each in inputs)


def start() -> None:
    """Observe from now on, and forget what was called before."""
    import torch
    from torch._dynamo.decorators import skip
    from torch.autograd.function import _SingleLevelFunction

    _called.clear()
    if "apply" in vars(_SingleLevelFunction):
        return

    # Function.apply itself is left alone, because torch.compile has to recognise it. It comes by here, and
    # nothing of the observer is for torch.compile. torch.compiler.disable with recursive=False does the same as
    # skip, but torch.export refuses it.
    keep = torch.compiler.disable(_keep)

    def observed(cls: type, *args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            keep(cls, args)
        return super(_SingleLevelFunction, cls).apply(*args, **kwargs)

    _SingleLevelFunction.apply = classmethod(skip(observed))


def called() -> dict[type, tuple[Any, ...]]:
    """Each Function that was called since the last call of :func:`start`, with its first inputs."""
    return dict(_called)
