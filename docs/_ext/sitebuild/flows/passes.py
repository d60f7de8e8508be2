"""Runs the backward passes of a drawing again, and says what happened in them. All of it belongs into a copy of the process.

If the drawing shows a gradient that was taken with create_graph, there are two passes: the one that made
this gradient, and a second one that starts at it. Otherwise one pass starts at what was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sitebuild.flows.drawn import Drawn
from sitebuild.flows.grad_calls import GradCall
from sitebuild.flows.record import End, Flow, Pass, Sent, Step, value_of
from sitebuild.flows.recorder import Recorder, Turn
from sitebuild.graphs.history import node_of

if TYPE_CHECKING:
    from torch import Tensor

    Gradients = Sequence[Tensor | None]


class RecordingError(RuntimeError):
    """A pass gave other gradients because it was recorded."""


def _try(run: Callable[[], Gradients]) -> tuple[Gradients, str]:
    """What ``run`` gives, or the first line of what it raises; it draws the same random numbers each time."""
    import torch

    with torch.random.fork_rng(devices=[]):
        try:
            return run(), ""
        except Exception as error:  # whatever a backward may raise
            return (), f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _same(one: tuple[Gradients, str], other: tuple[Gradients, str]) -> bool:
    import torch

    def equal(a: Tensor | None, b: Tensor | None) -> bool:
        if a is None or b is None:
            return a is b
        return a.shape == b.shape and a.dtype == b.dtype and torch.allclose(a, b, rtol=1e-5, equal_nan=True)

    return one[1] == other[1] and len(one[0]) == len(other[0]) and all(map(equal, one[0], other[0]))


def _ones(tensors: Sequence[Tensor], gradients: Gradients) -> list[Tensor]:
    import torch

    given = [*gradients, *[None] * (len(tensors) - len(gradients))]
    return [torch.ones_like(a) if b is None else b for a, b in zip(tensors, given, strict=True)]


def _norm(gradient: Tensor | None) -> str:
    value = value_of(gradient)
    return "0" if value is None else value.norm


class Passes:
    """The passes of one drawing.

    Parameters
    ----------
    drawn : Drawn
    first : GradCall, optional
        What made the gradient that is drawn.
    """

    def __init__(self, drawn: Drawn, first: GradCall | None) -> None:
        self._drawn, self._first = drawn, first

    def run(self) -> Flow:
        """Run all of them.

        Raises
        ------
        RecordingError
            If a pass gave other gradients because it was recorded.
        """
        if self._first is not None:
            roots = [each for each in self._first.results if each is not None]
            return Flow((self._first_pass(self._first), self._last(roots)))
        roots = [each for each in self._drawn.call.tensors if each.requires_grad]
        return Flow((self._last(roots),) if roots else ())

    def _compare(self, recorded: Any, plain: Callable[[], Gradients], expected: Any = None) -> bool:
        """Whether a pass repeats what it gives.

        Raises
        ------
        RecordingError
            If it does, but not when it is recorded.
        """
        expected = _try(plain) if expected is None else expected
        if _same(recorded, expected):
            return True
        if _same(_try(plain), expected):
            told = recorded[1] or f"gradients of norm {', '.join(_norm(each) for each in recorded[0])}"
            raise RecordingError(f"recorded, the pass gave {told}; torch.autograd.grad alone gives something else")
        return False

    def _first_pass(self, first: GradCall) -> Pass:
        """The pass that made the gradient, with nodes that it added to the graph."""
        import torch

        gradients = _ones(first.outputs, first.grad_outputs)
        run = lambda: torch.autograd.grad(  # noqa: E731
            first.outputs, first.inputs, first.grad_outputs, create_graph=True, allow_unused=first.allow_unused
        )
        with Recorder(self._drawn.all_nodes(first.outputs)) as recorder:
            given = _try(run)
        starts = self._starts(first.outputs, gradients)
        matched = self._drawn.match(given[0], first.results)
        if not self._compare(given, run, (first.results, "")) or matched is None:
            return Pass(True, starts, (), (), repeats=False)
        targets = self._drawn.targets(first)
        steps = tuple(self._step(turn, matched, targets) for turn in recorder.turns)
        number = self._drawn.number
        ends = [
            End(number(tensor), value_of(gradient), number(result))
            for tensor, gradient, result in zip(first.inputs, given[0], first.results, strict=True)
        ]
        return Pass(True, starts, steps, tuple(ends))

    def _last(self, roots: list[Tensor]) -> Pass:
        """The pass that starts at ``roots`` and adds to ``.grad``."""
        import torch

        roots = [each for each in roots if each.requires_grad] or roots
        gradients = _ones(roots, ())
        leaves = self._drawn.leaves(roots)
        others = [each for each in (self._first.inputs if self._first else ()) if not each.is_leaf]
        for leaf in leaves:
            leaf.grad = None

        def run() -> Gradients:
            torch.autograd.backward(roots, gradients, retain_graph=True)
            return [leaf.grad for leaf in leaves]

        with Recorder(self._drawn.all_nodes(roots)) as recorder:
            given = _try(run)
        plain = lambda wanted: torch.autograd.grad(  # noqa: E731
            roots, wanted, gradients, retain_graph=True, allow_unused=True
        )
        starts = self._starts(roots, gradients)
        if not self._compare(given, lambda: plain(leaves) if leaves else run()):
            return Pass(False, starts, (), (), repeats=False)
        arrived = [*given[0], *(plain(others) if others and not given[1] else ())]
        tensors = [*leaves, *others]
        ends = [
            End(self._drawn.number(tensor), value_of(gradient))
            for tensor, gradient in zip(tensors, arrived, strict=not given[1])
        ]
        ends = sorted((end for end in ends if end.tensor is not None), key=lambda end: end.tensor)
        steps = tuple(self._step(turn, {}, []) for turn in recorder.turns)
        return Pass(False, starts, steps, tuple(ends), given[1])

    def _starts(self, roots: Sequence[Tensor], gradients: Sequence[Tensor]) -> tuple[Sent, ...]:
        number = self._drawn.number
        return tuple(Sent(value_of(gradient), number(root), "") for root, gradient in zip(roots, gradients, strict=True))

    def _step(self, turn: Turn, matched: dict[Any, Any], targets: list[Tensor]) -> Step:
        """What a node did, in the numbers of the drawing."""
        number = self._drawn.number
        adds = sorted({number(matched[node]) for node in turn.created if node in matched} - {None})
        sent = [Sent(value, number(node), type(node).__name__) for value, node in turn.sent]
        if (leaf := getattr(turn.node, "variable", None)) is not None:
            sent = [Sent(turn.received[0], number(leaf), "")]
        saved = self._drawn.saved_of(turn.node)
        leads = {number(tensor): node_of(tensor) in turn.reached for tensor in targets} if adds else {}
        return Step(
            number(turn.node),
            type(turn.node).__name__,
            turn.received,
            tuple(kept for kept, _tensor in saved),
            self._drawn.outlined(turn.node, [tensor for _kept, tensor in saved]),
            tuple(sent),
            tuple(adds),
            tuple(each for each, reached in leads.items() if reached),
            tuple(each for each, reached in leads.items() if not reached),
        )
