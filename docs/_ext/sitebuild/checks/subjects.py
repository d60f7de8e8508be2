"""What is tried after an example: the Functions that it has checked or called, on the inputs that it has used."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sitebuild.checks import function_calls, log
from sitebuild.examples import running_script


@dataclass(frozen=True)
class Subject:
    """A Function, an operator, or a function around such.

    Attributes
    ----------
    function : callable
    inputs : tuple
        Those of its first check or call, apart from the example: tensors of floating point are leaves in
        double precision that require grad.
    rules : dict of str to bool
        Whether it has a rule for "forward mode" and "vmap", and whether it is an operator ("opcheck").
    known : frozenset of str
        Capabilities about which the example's own checks say something.
    around : tuple of type
        Functions of the example that it calls, if it is a function around such.
    """

    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    rules: dict[str, bool]
    known: frozenset[str] = frozenset()
    around: tuple[type, ...] = ()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what a trial prints, logs and warns of from those who watch the build."""
    nowhere = io.StringIO()
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def apart(value: Any) -> Any:
    """A copy of an input for trials: a tensor of floating point becomes a leaf in double precision that requires grad."""
    import torch

    if not isinstance(value, torch.Tensor):
        return value
    value = value.detach()
    if value.is_complex():
        return value.to(torch.complex128, copy=True).requires_grad_()
    return value.to(torch.float64, copy=True).requires_grad_() if value.is_floating_point() else value


def _rules(functions: list[type]) -> dict[str, bool]:
    import torch

    plain = torch.autograd.Function
    return {
        "forward mode": all(each.jvp is not plain.jvp for each in functions),
        "vmap": all(each.generate_vmap_rule or each.vmap is not plain.vmap for each in functions),
        "opcheck": False,
    }


def functions_behind(output: Any) -> set[type]:
    """The Functions and operators of an example whose ``backward`` would run for ``output``."""
    import torch
    from torch.utils import _pytree

    waiting = [tensor.grad_fn for tensor in _pytree.tree_leaves(output) if isinstance(tensor, torch.Tensor)]
    seen, found = set(), set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [following for following, _index in node.next_functions]
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            found.add(type(node)._forward_cls)
    return found


def _checked_subjects() -> dict[str, Subject]:
    """What the example has checked.

    Every Function and operator; of the functions around them those with a Function that was not checked
    by itself.
    """
    first: dict[str, tuple[Any, tuple[Any, ...]]] = {}
    known: dict[str, set[str]] = {}
    for record, function, inputs in log.checked():
        first.setdefault(record.function, (function, inputs))
        known.setdefault(record.function, set()).update(record.decides)
    owners = {name: log.function_class(function) for name, (function, _inputs) in first.items()}
    checked = {owner.__name__ for owner in owners.values() if owner}
    found = {}
    for name, (function, inputs) in first.items():
        inputs, behind = tuple(map(apart, inputs)), []
        if owners[name]:
            rules = _rules([owners[name]])
        elif "::" in name:
            rules = {"forward mode": True, "vmap": True, "opcheck": True}
        else:
            behind = [] if getattr(function, "is_compiled", False) else _functions_of_call(function, inputs)
            if not behind or checked.intersection(each.__name__ for each in behind):
                continue
            rules = _rules(behind)
        found[name] = Subject(function, inputs, rules, frozenset(known[name]), tuple(behind))
    return found


def _on_copies(function: type) -> Callable[..., Any]:
    """``function.apply`` that gets copies of its inputs: a leaf cannot be changed in place."""
    import torch

    def apply(*inputs: Any) -> Any:
        return function.apply(*(each.clone() if isinstance(each, torch.Tensor) else each for each in inputs))

    return apply


def subjects() -> dict[str, Subject]:
    """What the table names of an example that has run: what it has checked, and the other Functions that it has called.

    What it has imported from another section is named there.
    """
    called = function_calls.called()  # before more is called here
    elsewhere = {log.name_of(each) for each in running_script.imported}
    found = {name: subject for name, subject in _checked_subjects().items() if name not in elsewhere}
    covered = {each.__name__ for subject in found.values() for each in subject.around}
    for function, inputs in called.items():
        if function.__name__ not in {*found, *covered, *elsewhere}:
            inputs = tuple(map(apart, inputs))
            found[function.__name__] = Subject(_on_copies(function), inputs, _rules([function]), around=(function,))
    return found


def _functions_of_call(function: Callable[..., Any], inputs: tuple[Any, ...]) -> list[type]:
    """Functions of the example itself that a call runs; none if the call fails."""
    try:
        with quiet():
            behind = functions_behind(function(*inputs))
    except Exception:  # it is no use for a trial either
        return []
    return [each for each in behind if each.__module__ == running_script.EXAMPLE]
