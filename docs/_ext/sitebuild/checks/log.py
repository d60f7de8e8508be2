"""Takes down each check while an example runs: its record, and what later trials need of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sitebuild.checks.record import CheckRecord

# A dispatcher that lists all backends writes three times as much.
LONGEST_MESSAGE = 500
# What ran since the last call of `start`, in order of execution: record, function, copies of the inputs.
_checked: list[tuple[CheckRecord, Any, tuple[Any, ...]]] = []
# Of these, what is still to be compared: number of the check, and what says how it differs.
_open: dict[int, Callable[[], str]] = {}
_taken = 0  # how many `take` has returned


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
    compare: Callable[[], str] | None = None,
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
    compare : callable, optional
        Says how the result of a check that has passed so far differs from what it should be, or "". It is
        called when the example has ended: what it takes and changes is not seen there.
    **facts : object
        Further fields of :class:`CheckRecord`.
    """
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
    if compare is not None:
        _open[len(_checked)] = compare
    _checked.append((record, function, copies_of(inputs)))


def copies_of(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies of tensors: an example may go on to change its own, or to see when they are freed."""
    import torch

    return tuple(each.detach().clone() if isinstance(each, torch.Tensor) else each for each in values)


def start() -> None:
    """Forget everything: an example begins."""
    global _taken
    _checked.clear()
    _open.clear()
    _taken = 0


def _settle() -> None:
    """Make the comparisons that are left to make."""
    for number, compare in list(_open.items()):
        del _open[number]
        if message := compare():
            record, *rest = _checked[number]
            _checked[number] = (replace(record, passed=False, message=message), *rest)


def take() -> list[CheckRecord]:
    """Return what ran since the last call."""
    global _taken
    _settle()
    records = [record for record, _function, _inputs in _checked[_taken:]]
    _taken = len(_checked)
    return records


def checked() -> list[tuple[CheckRecord, Any, tuple[Any, ...]]]:
    """What ran since the last call of :func:`start`: record, function and copies of the inputs of each check."""
    _settle()
    return _checked.copy()


def count() -> int:
    """How many checks have ended since the last call of :func:`take`."""
    return len(_checked) - _taken
