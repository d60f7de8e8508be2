"""Tries on the Functions of an example what the example itself did not ask of them.

The table of capabilities would have gaps otherwise: hardly an example compiles its Function, say. A
trial runs after the example, on inputs that the example has used, and nobody has said what it
should give. So it is no check: it only tells whether the Function has the capability.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sitebuild.checks import log
from sitebuild.checks.capability_checks import difference, slices
from sitebuild.checks.record import CAPABILITIES
from sitebuild.checks.subjects import Subject, apart, quiet, subjects

# Also names of classes in the table.
HELD, NOT_HELD, ABSENT = "passed", "not-held", "absent"
# Elements up to which a trial compares whole Jacobian matrices; of more it takes products with vectors.
SMALL = 512


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


def _gradients(function: Callable[..., Any], inputs: tuple[Any, ...]) -> list[Any]:
    """Outputs of ``function``, and the gradients of their sum."""
    import torch

    torch.manual_seed(0)
    inputs = tuple(map(apart, inputs))
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
    return not difference(mapped, slices(function, dims)(*batches))


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
        with quiet(), _as_main(subject):
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
