"""Records what is checked while an example runs, and observes gradient checks.

Each call of ``torch.autograd.gradcheck`` and ``gradgradcheck`` becomes a record:
what was checked, on which inputs, how closely, with which outcome. The call itself
is not changed: it returns or raises what it would have without an observer.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MODULE = "torch.autograd.gradcheck"
OBSERVED = {"gradcheck": 1, "gradgradcheck": 2}  # name of the check: order of the derivative
# What a check can show about a function.
CAPABILITIES = ("first order", "second order", "forward mode", "vmap", "compile", "opcheck")
# Options of gradient checks that ask for more than the derivative in reverse mode.
ASKS_FOR = {
    "check_forward_ad": "forward mode",
    "check_fwd_over_rev": "forward mode",
    "check_batched_grad": "vmap",
}


@dataclass(frozen=True)
class CheckRecord:
    """One check that ran.

    Attributes
    ----------
    check : str
        "gradcheck", "gradgradcheck", "vmap", "compile" or "opcheck".
    order : int
        Order of the derivative that is compared with finite differences; 0 if none is.
    function : str
        Name of what was checked; for ``Square.apply`` that is "Square".
    inputs : tuple of str
        Shape and dtype of each tensor input, such as "(4, 3) float64".
    eps, atol, rtol : float or None
        Step of the finite differences, absolute and relative tolerance; None without a derivative.
    passed : bool
        Whether the derivatives agreed.
    message : str
        First line of what the check said when it failed, else "".
    line : int
        Line of the call in its script, from 1.
    block : int
        Code block of the script in which it ran, from 0.
    capabilities : tuple of str
        What the check shows, of :data:`CAPABILITIES`. If it failed, the last of them failed.
    """

    check: str
    order: int
    function: str
    inputs: tuple[str, ...]
    eps: float | None
    atol: float | None
    rtol: float | None
    passed: bool
    message: str
    line: int
    block: int = 0
    capabilities: tuple[str, ...] = ()

    @property
    def decides(self) -> tuple[str, ...]:
        """Capabilities about which the outcome says something: a failure leaves the others open."""
        return self.capabilities if self.passed else self.capabilities[-1:]


# What ran since the last call of `take`, in order of execution.
_observed: list[CheckRecord] = []
# What ran since the last call of `start`: record, function, copies of the inputs.
_checked: list[tuple[CheckRecord, Any, tuple[Any, ...]]] = []


def function_class(function: Any) -> type | None:
    """The Function behind ``function``, which may be wrapped, compiled or transformed; None if it is none."""
    import torch

    owner = getattr(inspect.unwrap(function), "__self__", None)  # Square.apply
    return owner if inspect.isclass(owner) and issubclass(owner, torch.autograd.Function) else None


def _name_of(function: Any) -> str:
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
    """First line of an error, without the comma that leads to the next."""
    return str(error).strip().partition("\n")[0].rstrip(" ,")


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
        function=_name_of(function),
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


def _observer(check: Callable[..., bool]) -> Callable[..., bool]:
    signature = inspect.signature(check)

    @functools.wraps(check)
    def observed(*args: Any, **kwargs: Any) -> bool:
        if sys._getframe(1).f_globals.get("__name__") == MODULE:
            return check(*args, **kwargs)  # gradgradcheck is made of gradcheck: one record is enough
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        options, line, order = bound.arguments, sys._getframe(1).f_lineno, OBSERVED[check.__name__]
        passed, message = False, ""
        try:
            passed = check(*args, **kwargs)
        except Exception as error:
            message = first_line(error)
            raise
        finally:
            asked = tuple(what for option, what in ASKS_FOR.items() if options.get(option))
            facts = {name: options[name] for name in ("eps", "atol", "rtol")}
            add(
                check.__name__,
                CAPABILITIES[order - 1],
                options["func"],
                options["inputs"],
                passed,
                message,
                line,
                asked,
                order=order,
                **facts,
            )
        return passed

    return observed


def start() -> None:
    """Observe the checks from now on and forget what was not taken."""
    import torch.autograd

    _observed.clear()
    _checked.clear()
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


def checked() -> list[tuple[CheckRecord, Any, tuple[Any, ...]]]:
    """What ran since the last call of :func:`start`: record, function and copies of the inputs of each check."""
    return _checked.copy()


def count() -> int:
    """How many checks have ended since the last call of :func:`take`."""
    return len(_observed)


def save(records: list[CheckRecord], path: Path) -> None:
    """Write ``records`` as JSON, the same bytes for equal records."""
    path.write_text(json.dumps([asdict(record) for record in records], indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> list[CheckRecord]:
    """Read records that :func:`save` wrote."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    tuples = ("inputs", "capabilities")
    return [
        CheckRecord(**{**entry, **{name: tuple(entry[name]) for name in tuples}})
        for entry in entries
    ]
