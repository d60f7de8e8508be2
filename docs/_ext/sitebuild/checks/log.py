"""Takes down each check while an example runs: its record, and what later trials need of it."""

from __future__ import annotations

import inspect
import re
from typing import Any

from sitebuild.checks.record import CheckRecord

# A dispatcher that lists all backends writes three times as much.
LONGEST_MESSAGE = 500
# What ran since the last call of `take`, in order of execution.
_observed: list[CheckRecord] = []
# What ran since the last call of `start`: record, function, copies of the inputs.
_checked: list[tuple[CheckRecord, Any, tuple[Any, ...]]] = []


def function_class(function: Any) -> type | None:
    """The Function behind ``function``, which may be wrapped, compiled or transformed; None if it is none."""
    import torch

    owner = getattr(inspect.unwrap(function), "__self__", None)  # Square.apply
    return owner if inspect.isclass(owner) and issubclass(owner, torch.autograd.Function) else None


def name_of(function: Any) -> str:
    """Name of a Function, an operator or another function, as the tables show it."""
    if (owner := function_class(function)) is not None:
        return owner.__name__
    # An operator of torch.library has its name in its text: <CustomOpDef(site::cube)>.
    named = re.search(r"(\w+::\w+)", str(function))
    return getattr(function, "__name__", named[1] if named else type(function).__name__)


def _describe_inputs(inputs: tuple[Any, ...]) -> tuple[str, ...]:
    import torch

    return tuple(
        f"{tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
        for value in inputs
        if isinstance(value, torch.Tensor)
    )


def first_line(error: object) -> str:
    """First line of an error, without the comma that leads to the next; if it would fill a page, its first sentence."""
    line = str(error).strip().partition("\n")[0].rstrip(" ,")
    return line if len(line) <= LONGEST_MESSAGE else line.partition(". ")[0] + "."


def add(
    check: str,
    capability: str,
    function: Any,
    inputs: Any,
    passed: bool,
    message: str,
    line: int,
    further: tuple[str, ...] = (),
    **facts: Any,
) -> None:
    """Record a check.

    Parameters
    ----------
    check : str
        Name of the check.
    capability : str
        What it shows first of all; ``further`` is what it shows as well.
    function, inputs : object
        What was checked, and on which inputs.
    passed : bool
    message : str
        First line of what the check said when it failed, else "".
    line : int
        Line of the script.
    **facts : object
        Further fields of :class:`CheckRecord`.
    """
    import torch

    compiled = ("compile",) if getattr(function, "is_compiled", False) else ()
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    record = CheckRecord(
        check=check,
        function=name_of(function),
        inputs=_describe_inputs(inputs),
        passed=passed,
        message=message,
        line=line,
        capabilities=(capability, *further, *compiled),
        **{"order": 0, "eps": None, "atol": None, "rtol": None, **facts},
    )
    _observed.append(record)
    # Copies: an example may go on to change its tensors, or to see when they are freed.
    copies = tuple(each.detach().clone() if isinstance(each, torch.Tensor) else each for each in inputs)
    _checked.append((record, function, copies))


def start() -> None:
    """Forget what was not taken."""
    _observed.clear()
    _checked.clear()


def take() -> list[CheckRecord]:
    """Return what ran since the last call, and forget it."""
    taken = _observed.copy()
    _observed.clear()
    return taken


def checked() -> list[tuple[CheckRecord, Any, tuple[Any, ...]]]:
    """What ran since the last call of :func:`start`: record, function and copies of the inputs of each check."""
    return _checked.copy()


def count() -> int:
    """How many checks have ended since the last call of :func:`take`."""
    return len(_observed)
