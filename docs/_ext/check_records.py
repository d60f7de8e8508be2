"""Observes gradient checks while an example runs.

Each call of ``torch.autograd.gradcheck`` and ``gradgradcheck`` becomes a record:
what was checked, on which inputs, how closely, with which outcome. The call itself
is not changed: it returns or raises what it would have without an observer.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MODULE = "torch.autograd.gradcheck"
OBSERVED = {"gradcheck": 1, "gradgradcheck": 2}  # name of the check: order of the derivative


@dataclass(frozen=True)
class CheckRecord:
    """One gradient check that ran.

    Attributes
    ----------
    check : str
        "gradcheck" or "gradgradcheck".
    order : int
        Order of the derivative that is compared with finite differences.
    function : str
        Name of what was checked; for ``Square.apply`` that is "Square".
    inputs : tuple of str
        Shape and dtype of each tensor input, such as "(4, 3) float64".
    eps, atol, rtol : float
        Step of the finite differences, absolute and relative tolerance.
    passed : bool
        Whether the derivatives agreed.
    message : str
        First line of what the check said when it failed, else "".
    line : int
        Line of the call in its script, from 1.
    block : int
        Code block of the script in which it ran, from 0.
    """

    check: str
    order: int
    function: str
    inputs: tuple[str, ...]
    eps: float
    atol: float
    rtol: float
    passed: bool
    message: str
    line: int
    block: int = 0


# What ran since the last call of `take`, in order of execution.
_observed: list[CheckRecord] = []


def _name_of(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    if inspect.isclass(owner):  # Square.apply
        return owner.__name__
    return getattr(function, "__name__", type(function).__name__)


def _describe_inputs(inputs: Any) -> tuple[str, ...]:
    import torch

    values = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    return tuple(
        f"{tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
        for value in values
        if isinstance(value, torch.Tensor)
    )


def _observer(check: Callable[..., bool]) -> Callable[..., bool]:
    signature = inspect.signature(check)

    @functools.wraps(check)
    def observed(*args: Any, **kwargs: Any) -> bool:
        if sys._getframe(1).f_globals.get("__name__") == MODULE:
            return check(*args, **kwargs)  # gradgradcheck is made of gradcheck: one record is enough
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        line = sys._getframe(1).f_lineno
        passed, message = False, ""
        try:
            passed = check(*args, **kwargs)
        except Exception as error:
            message = str(error).strip().partition("\n")[0]
            raise
        finally:
            _observed.append(
                CheckRecord(
                    check=check.__name__,
                    order=OBSERVED[check.__name__],
                    function=_name_of(bound.arguments["func"]),
                    inputs=_describe_inputs(bound.arguments["inputs"]),
                    eps=bound.arguments["eps"],
                    atol=bound.arguments["atol"],
                    rtol=bound.arguments["rtol"],
                    passed=passed,
                    message=message,
                    line=line,
                )
            )
        return passed

    return observed


def start() -> None:
    """Observe the checks from now on and forget what was not taken."""
    import torch.autograd

    _observed.clear()
    for name in OBSERVED:
        check = getattr(torch.autograd, name)
        if not hasattr(check, "__wrapped__"):
            # The package and the module of the same name both offer it.
            for place in (torch.autograd, sys.modules[MODULE]):
                setattr(place, name, _observer(check))


def take() -> list[CheckRecord]:
    """Return what ran since the last call, and forget it."""
    taken = _observed.copy()
    _observed.clear()
    return taken


def count() -> int:
    """How many checks have ended since the last call of :func:`take`."""
    return len(_observed)


def save(records: list[CheckRecord], path: Path) -> None:
    """Write ``records`` as JSON, the same bytes for equal records."""
    path.write_text(json.dumps([asdict(record) for record in records], indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> list[CheckRecord]:
    """Read records that :func:`save` wrote."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return [CheckRecord(**{**entry, "inputs": tuple(entry["inputs"])}) for entry in entries]
