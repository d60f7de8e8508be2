"""Observes ``torch.func.vmap``, ``torch.compile`` and ``torch.library.opcheck`` while an example runs.

What an example does with them is recorded beside its gradient checks. A call of a mapped function
passes if it gives for each slice what the function gives for that slice alone; a call of a function
compiled as one graph passes if it gives what the function gives; opcheck passes if all its tests do.
The example gets what it would have got without an observer: what is compared is computed when it has
ended, so that it takes none of its time, calls none of its counters and draws none of its random numbers.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import math
import re
import sys
from collections.abc import Callable
from typing import Any

from sitebuild.checks import log
from sitebuild.examples import running_script


def _line_of_example(depth: int = 2) -> int:
    """Line of the example that calls an observer; 0 if something else calls it."""
    frame = sys._getframe(depth)
    return running_script.line_of(frame) if running_script.is_example(frame) else 0


_GREATEST = re.compile(r"Greatest absolute difference: (\S+)")
# Sums of terms of a size are as exact as that size allows, however small they come out.
ROUNDINGS = 16


def _rounding(wanted: Any) -> float:
    """What two right computations of ``wanted`` may differ by, as it is made of floating-point numbers of its size."""
    import torch
    from torch.utils import _pytree

    errors = [
        torch.finfo(each.dtype).eps * each.detach().abs().max().item()
        for each in _pytree.tree_leaves(wanted)
        if isinstance(each, torch.Tensor) and each.numel() and (each.is_floating_point() or each.is_complex())
    ]
    return ROUNDINGS * max((error for error in errors if math.isfinite(error)), default=0.0)


def difference(result: Any, wanted: Any) -> str:
    """First line on how ``result`` differs from what is ``wanted``, with the greatest difference; "" if it does not."""
    import torch
    from torch.testing._comparison import default_tolerances

    dtypes = {each.dtype for each in torch.utils._pytree.tree_leaves(wanted) if isinstance(each, torch.Tensor)}
    relative, absolute = default_tolerances(*dtypes) if dtypes else (0.0, 0.0)
    try:
        torch.testing.assert_close(result, wanted, rtol=relative, atol=max(absolute, _rounding(wanted)), equal_nan=True)
    except AssertionError as error:
        greatest = _GREATEST.search(str(error))
        return log.first_line(error) + (f" Greatest absolute difference: {greatest[1]}" if greatest else "")
    return ""


def slices(function: Callable[..., Any], in_dims: Any) -> Callable[..., Any]:
    """A function that gives what ``function`` gives slice by slice, stacked."""
    import torch
    from torch.utils import _pytree

    def looped(*args: Any) -> Any:
        dims = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(args)
        size = next(arg.shape[dim] for arg, dim in zip(args, dims, strict=True) if dim is not None)
        single = [
            function(*(arg if dim is None else arg.select(dim, index) for arg, dim in zip(args, dims, strict=True)))
            for index in range(size)
        ]
        return _pytree.tree_map(lambda *parts: torch.stack(parts), *single)

    return looped


def _recorded(
    capability: str, function: Any, args: tuple[Any, ...], line: int, run: Callable[[], Any], expected: Callable[..., Any]
) -> Any:
    """Return what ``run`` gives, and record whether it is what ``expected`` gives for ``args``."""
    import torch
    from torch.utils import _pytree

    leaves, layout = _pytree.tree_flatten(args)
    message, compare = "", None
    wrapped = torch._C._are_functorch_transforms_active()
    kept = log.copies_of(leaves)  # before the run, which may change them
    for copy, leaf in zip(kept, leaves, strict=True):
        if isinstance(leaf, torch.Tensor) and not wrapped:
            copy.requires_grad_(leaf.requires_grad)  # a function may differentiate with respect to its inputs
    try:
        result = run()
        results, form = _pytree.tree_flatten(result)
        given = log.copies_of(results)

        def compare() -> str:
            # What it prints is no part of the example.
            with contextlib.redirect_stdout(io.StringIO()):
                try:
                    wanted = expected(*_pytree.tree_unflatten(kept, layout))
                except Exception as error:
                    return log.first_line(error)
            return difference(_pytree.tree_unflatten(given, form), wanted)

        if wrapped:  # what transforms wrap does not outlive them
            message, compare = compare(), None
    except Exception as error:
        message = log.first_line(error)
        raise
    finally:
        log.add(capability, capability, function, args, not message, message, line, compare=compare)
    return result


def _observe_vmap(vmap: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(vmap)
    def observed(func: Any, in_dims: Any = 0, out_dims: Any = 0, **options: Any) -> Any:
        import torch

        mapped = vmap(func, in_dims, out_dims, **options)
        if torch.compiler.is_compiling() or out_dims != 0 or options or not _line_of_example():
            return mapped

        @functools.wraps(func)
        def call(*args: Any, **kwargs: Any) -> Any:
            line = _line_of_example()
            if not line or kwargs:
                return mapped(*args, **kwargs)
            return _recorded("vmap", func, args, line, lambda: mapped(*args), slices(func, in_dims))

        return call

    return observed


def _observe_compile(compile_: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(compile_)
    def observed(model: Any = None, **options: Any) -> Any:
        compiled = compile_(model, **options)
        if not (inspect.isroutine(model) and options.get("fullgraph") and _line_of_example()):
            return compiled

        @functools.wraps(model)
        def call(*args: Any, **kwargs: Any) -> Any:
            line = _line_of_example()
            if not line:  # a gradient check, which is a record itself
                return compiled(*args, **kwargs)
            plain = functools.partial(model, **kwargs)
            return _recorded("compile", model, args, line, lambda: compiled(*args, **kwargs), plain)

        call.is_compiled = True
        return call

    return observed


def _observe_opcheck(opcheck: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(opcheck)
    def observed(op: Any, args: Any, *rest: Any, **options: Any) -> Any:
        results, message = {}, ""
        try:
            results = opcheck(op, args, *rest, **options)
        except Exception as error:
            message = log.first_line(error)
            raise
        finally:
            failed = [f"{test}: {outcome}" for test, outcome in results.items() if outcome != "SUCCESS"]
            message = message or " ".join(failed).partition("\n")[0]
            log.add("opcheck", "opcheck", op, args, not message, message, _line_of_example())
        return results

    return observed


def start() -> None:
    """Observe from now on. What is found is taken with the gradient checks."""
    import torch

    for place, name, observe in (
        (torch.func, "vmap", _observe_vmap),
        (torch, "vmap", _observe_vmap),
        (torch, "compile", _observe_compile),
        (torch.library, "opcheck", _observe_opcheck),
    ):
        current = getattr(place, name)
        if not getattr(current, "is_observer", False):
            observer = observe(current)
            observer.is_observer = True
            setattr(place, name, observer)
