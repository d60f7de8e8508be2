"""Runs calls in forked children: a few at a time, each within a time limit.

A child inherits what this process has imported, so that it costs little more than its call.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")
_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Lost:
    """What is known of a child that gave no answer."""

    reason: str


def _answer(call: Callable[[], T], sender: Connection) -> None:
    """In the child: send what ``call`` returns; whatever it prints is thrown away."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    sender.send(call())


class _Child(Generic[T]):
    """A child and its answer."""

    def __init__(self, call: Callable[[], T], seconds: float) -> None:
        self.receiver, sender = _fork.Pipe(duplex=False)
        self.process = _fork.Process(target=_answer, args=(call, sender))
        self.process.start()
        sender.close()  # else its end would not be noticed here
        self.seconds, self.deadline = seconds, monotonic() + seconds

    def take(self) -> T | Lost | None:
        """Its answer, or what became of it; None while it runs."""
        if self.receiver.poll():
            try:
                return self.receiver.recv()
            except EOFError:
                self.process.join()
                return Lost(f"the process ended with status {self.process.exitcode}")
        if monotonic() >= self.deadline:
            return Lost(f"it ran for more than {self.seconds:g} s")
        return None

    def end(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.join()
        self.receiver.close()


def run_forked(calls: list[Callable[[], T]], seconds: list[float], jobs: int) -> Iterator[tuple[int, T | Lost]]:
    """Run ``calls``, ``jobs`` at a time, and yield position and answer of each as it comes.

    Parameters
    ----------
    calls : list of callables
        What they return must be picklable.
    seconds : list of float
        Time limit of each.
    jobs : int
        How many run at the same time.
    """
    waiting = list(reversed(list(enumerate(zip(calls, seconds, strict=True)))))
    running: dict[int, _Child[T]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                index, (call, limit) = waiting.pop()
                running[index] = _Child(call, limit)
            next_deadline = min(child.deadline for child in running.values())
            wait([child.receiver for child in running.values()], timeout=max(0.0, next_deadline - monotonic()))
            for index, child in list(running.items()):
                answer = child.take()
                if answer is not None:
                    running.pop(index).end()
                    yield index, answer
    finally:
        for child in running.values():
            child.end()
