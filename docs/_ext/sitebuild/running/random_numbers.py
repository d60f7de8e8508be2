"""Notices random numbers that a script draws before it has set a seed: they are others at each run.

Nothing is put between the script and its generators. Their states tell that something was drawn, and the text of
the script that it was the script: gradgradcheck, for example, draws too, and nobody sees its numbers.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sitebuild.examples.build_error import BuildError
from sitebuild.examples.random_calls import drawing_lines

# How many times all words of a Mersenne Twister are looked at, 624 of them each time, before it counts as seeded.
_LOOKS = 200
_WORDS = 624


@dataclass
class _Source:
    """A generator that a script may draw from.

    Attributes
    ----------
    library : str
        The one that it belongs to.
    seed : str
        The call that sets its seed.
    state : callable
        Its state, which changes with each number.
    seeded : callable
        Whether a state does not follow from that at the start.
    """

    library: str
    seed: str
    state: Callable[[], Any]
    seeded: Callable[[Any], bool]


def _follows_not(start: list[int], later: Callable[[], Iterator[list[int]]]) -> Callable[[Any], bool]:
    """Whether words of a Mersenne Twister are neither those at the start nor those that come ``later``."""

    def seeded(state: tuple[Any, ...]) -> bool:
        words = list(state[:_WORDS])
        return words != start and all(words != following for following in later())

    return seeded


def _of_python() -> _Source:
    start = random.getstate()

    def later() -> Iterator[list[int]]:
        other = random.Random()
        other.setstate(start)
        for _look in range(_LOOKS):
            other.getrandbits(32 * _WORDS)
            yield list(other.getstate()[1][:_WORDS])

    return _Source("random", "random.seed(0)", lambda: random.getstate()[1], _follows_not(list(start[1][:_WORDS]), later))


def _of_numpy() -> _Source:
    import numpy

    start = numpy.random.get_state()

    def later() -> Iterator[list[int]]:
        other = numpy.random.RandomState()
        other.set_state(start)
        for _look in range(_LOOKS):
            other.bytes(4 * _WORDS)
            yield other.get_state()[1].tolist()

    def state() -> tuple[int, ...]:
        _name, words, place, *_rest = numpy.random.get_state()
        return (*words.tolist(), place)

    return _Source("numpy", "numpy.random.seed(0)", state, _follows_not(start[1].tolist(), later))


def _of_torch() -> _Source:
    import torch

    seed = torch.initial_seed()
    return _Source(
        "torch", "torch.manual_seed(0)", lambda: torch.get_rng_state().tolist(), lambda _state: torch.initial_seed() != seed
    )


class RandomNumbers:
    """The generators that every script shares, watched from the start of a script on."""

    def __init__(self) -> None:
        # What the build has not imported, no script of it has drawn from yet.
        sources = [_of_python()]
        sources += [_of_numpy()] if "numpy" in sys.modules else []
        sources += [_of_torch()] if "torch" in sys.modules else []
        self._states = [(source, source.state()) for source in sources]

    def look(self, source: str, last: int) -> None:
        """See what was drawn since the last look.

        Parameters
        ----------
        source : str
            Text of the script.
        last : int
            The line up to which it has run.

        Raises
        ------
        BuildError
            If it has drawn random numbers, and no seed is set.
        """
        states, self._states = self._states, []
        for generator, before in states:
            state = generator.state()
            if state != before:
                if generator.seeded(state):
                    continue  # from here on its numbers are the same at each run
                if lines := [line for line in drawing_lines(source, generator.library) if line <= last]:
                    raise BuildError(f"line {lines[-1]} draws random numbers, others at each run; write {generator.seed} above it")
            self._states.append((generator, state))
