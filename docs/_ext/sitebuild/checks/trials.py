"""Tries on the Functions of an example what the example itself did not ask of them.

The table of capabilities would have gaps otherwise: hardly an example compiles its Function, say. A
trial runs after the example, on inputs that the example has used, and nobody has said what it
should give. So it is no check: it only tells whether the Function has the capability.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sitebuild.checks import function_calls, log
from sitebuild.checks.capability_checks import slices
from sitebuild.checks.record import CAPABILITIES
from sitebuild.examples import running_script

# Also names of classes in the table.
HELD, NOT_HELD, ABSENT = "passed", "not-held", "absent"
# Elements up to which a trial compares whole Jacobian matrices; of more it takes products with vectors.
SMALL = 512


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


@dataclass(frozen=True)
class Trials:
    """What the trials of one subject gave.

    Attributes
    ----------
    states : dict of str to str
        For each capability that was tried "passed", "not-held" or "absent", which means that there is no
        rule for it.
    around : tuple of str
        Names of the Functions that a function is around.
    """

    states: dict[str, str]
    around: tuple[str, ...] = ()


def _apart(value: Any) -> Any:
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
        inputs, behind = tuple(map(_apart, inputs)), []
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
            inputs = tuple(map(_apart, inputs))
            found[function.__name__] = Subject(_on_copies(function), inputs, _rules([function]), around=(function,))
    return found


def _functions_of_call(function: Callable[..., Any], inputs: tuple[Any, ...]) -> list[type]:
    """Functions of the example itself that a call runs; none if the call fails."""
    try:
        with _quiet():
            behind = functions_behind(function(*inputs))
    except Exception:  # it is no use for a trial either
        return []
    return [each for each in behind if each.__module__ == running_script.EXAMPLE]


def _gradients(function: Callable[..., Any], inputs: tuple[Any, ...]) -> list[Any]:
    """Outputs of ``function``, and the gradients of their sum."""
    import torch

    torch.manual_seed(0)
    inputs = tuple(map(_apart, inputs))
    output = function(*inputs)
    outputs = [each for each in (output if isinstance(output, tuple) else (output,)) if each is not None]
    leaves = [each for each in inputs if isinstance(each, torch.Tensor) and each.requires_grad]
    parts = [torch.view_as_real(each) if each.is_complex() else each for each in outputs if each.requires_grad]
    if not parts or not leaves:
        return outputs
    return [*outputs, *torch.autograd.grad(sum(part.sum() for part in parts), leaves, allow_unused=True)]


def _compiles(function: Callable[..., Any], inputs: tuple[Any, ...]) -> bool:
    import torch

    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(_gradients(compiled, inputs), _gradients(function, inputs), equal_nan=True)
    return True


def _maps(function: Callable[..., Any], inputs: tuple[Any, ...]) -> bool:
    import torch

    dims = tuple(0 if isinstance(each, torch.Tensor) else None for each in inputs)
    batches = tuple(torch.stack([each, each.flip(0)]) if dim == 0 else each for each, dim in zip(inputs, dims, strict=True))
    mapped = torch.func.vmap(function, in_dims=dims)(*batches)
    torch.testing.assert_close(mapped, slices(function, dims, batches)(), equal_nan=True)
    return True


def _gradient_check(name: str, **options: bool) -> Callable[[Callable[..., Any], tuple[Any, ...]], bool]:
    def run(function: Callable[..., Any], inputs: tuple[Any, ...]) -> bool:
        import torch

        elements = sum(each.numel() for each in inputs if isinstance(each, torch.Tensor))
        return getattr(torch.autograd, name)(function, inputs, fast_mode=elements > SMALL, **options)

    return run


TRIALS = {
    "first order": _gradient_check("gradcheck"),
    "second order": _gradient_check("gradgradcheck"),
    "forward mode": _gradient_check("gradcheck", check_forward_ad=True, check_backward_ad=False),
    "vmap": _maps,
    "compile": _compiles,
}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a trial prints, logs and warns of from those who watch the build."""
    nowhere = io.StringIO()
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


@contextlib.contextmanager
def _as_main(subject: Subject) -> Iterator[None]:
    """Let the module ``__main__`` hold the names of the example: there torch.compile looks them up.

    It remembers that module for as long as the process lives, so no other can take its place.
    """
    from torch._dynamo import symbolic_convert

    owner = next(iter(subject.around), log.function_class(subject.function))
    names = getattr(owner.forward if owner else inspect.unwrap(subject.function), "__globals__", {})
    main = vars(symbolic_convert._import_module("__main__"))
    before = dict(main)
    main.update(names)
    try:
        yield
    finally:
        main.clear()
        main.update(before)


def _try(capability: str, subject: Subject) -> str:
    """Whether ``subject`` has a capability that no check of the example was about."""
    import torch

    if not subject.rules.get(capability, True):
        return ABSENT
    torch.manual_seed(0)  # the same at every build, whatever the example has drawn
    try:
        with _quiet(), _as_main(subject):
            return HELD if TRIALS[capability](subject.function, subject.inputs) else NOT_HELD
    except Exception:  # whatever it is, the Function does not have the capability
        return NOT_HELD


def run(path: Path) -> None:
    """Make the trials of the example that has run, and write what they gave.

    Parameters
    ----------
    path : Path
        File for it: for each Function the attributes of :class:`Trials`. It is not written if there is no
        Function.
    """
    results = {
        name: {
            "around": sorted({each.__name__ for each in subject.around} - {name}),
            "states": {each: _try(each, subject) for each in CAPABILITIES if each not in subject.known},
        }
        for name, subject in subjects().items()
    }
    if results:
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> dict[str, Trials]:
    """What :func:`run` has written; nothing if it has not."""
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: Trials(entry["states"], tuple(entry["around"])) for name, entry in entries.items()}
