"""Observes ``torch.func.vmap``, ``torch.compile`` and ``torch.library.opcheck`` while an example runs.

What an example does with them is recorded beside its gradient checks. A call of a mapped function
passes if it gives for each slice what the function gives for that slice alone; a call of a function
compiled as one graph passes if it gives what the function gives; opcheck passes if all its tests do.
The example gets what it would have got without an observer.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import sys
from collections.abc import Callable
from typing import Any

from sitebuild.checks import log
from sitebuild.examples import running_script


def _line_of_example(depth: int = 2) -> int:
    """Line of the example that calls an observer; 0 if something else calls it."""
    frame = sys._getframe(depth)
    return running_script.line_of(frame) if running_script.is_example(frame) else 0


def _difference(result: Any, expected: Callable[[], Any]) -> str:
    """First line on how ``result`` differs from what ``expected`` gives; "" if it does not."""
    import torch

    # Random numbers and printed lines are the example's own.
    with torch.random.fork_rng(devices=[]), contextlib.redirect_stdout(io.StringIO()):
        wanted = expected()
    try:
        torch.testing.assert_close(result, wanted, equal_nan=True)
    except AssertionError as error:
        return log.first_line(error)
    return ""


def slices(
    function: Callable[..., Any], in_dims: Any, args: tuple[Any, ...]
) -> Callable[[], Any]:
    """What ``function`` gives slice by slice, stacked."""
    import torch
    from torch.utils import _pytree

    dims = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(args)

    def looped() -> Any:
        size = next(arg.shape[dim] for arg, dim in zip(args, dims, strict=True) if dim is not None)
        single = [
            function(*(arg if dim is None else arg.select(dim, index) for arg, dim in zip(args, dims, strict=True)))
            for index in range(size)
        ]
        return _pytree.tree_map(lambda *parts: torch.stack(parts), *single)

    return looped


def _recorded(
    capability: str, function: Any, args: tuple[Any, ...], line: int, run: Callable[[], Any], expected: Callable[[], Any]
) -> Any:
    """Return what ``run`` gives, and record whether it is as ``expected``."""
    passed, message = False, ""
    try:
        result = run()
        message = _difference(result, expected)
        passed = not message
    except Exception as error:
        message = log.first_line(error)
        raise
    finally:
        log.add(capability, capability, function, args, passed, message, line)
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
            looped = slices(func, in_dims, args)
            return _recorded("vmap", func, args, line, lambda: mapped(*args), looped)

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
            plain = functools.partial(model, *args, **kwargs)
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
