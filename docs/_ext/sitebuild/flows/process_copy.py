"""Runs something in a copy of this process, which then ends: nothing that it does is left here.

A backward pass that is run once more could free saved tensors, add to ``.grad``, or count, print and draw
random numbers in the backward of a script. In the copy it may; only the text that it returns comes back.
Files are not copied: what a backward writes to a file, it writes again.
"""

from __future__ import annotations

import io
import os
import select
import signal
import sys
import time
from collections.abc import Callable

LONGEST = 30  # seconds


class CopyError(RuntimeError):
    """The copy raised, was ended, or took too long."""


def _answer(function: Callable[[], str]) -> bytes:
    """What the copy sends: a sign, and the text or what was raised."""
    try:
        return b"+" + function().encode()
    except BaseException as error:  # SystemExit too: the copy has to end here
        return f"-{type(error).__name__}: {error}".encode(errors="replace")


def _receive(pipe: int) -> bytes:
    """All that comes through ``pipe`` before it is closed."""
    parts, latest = [], time.monotonic() + LONGEST
    while select.select([pipe], [], [], max(latest - time.monotonic(), 0))[0]:
        part = os.read(pipe, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)
    raise CopyError(f"it was not over after {LONGEST} s")


def run_in_copy(function: Callable[[], str]) -> str:
    """Return what ``function`` returns in a copy of this process.

    Raises
    ------
    CopyError
        If it returns nothing.
    """
    pipe, end = os.pipe()
    copy = os.fork()
    if copy == 0:
        sys.stdout = sys.stderr = io.StringIO()
        with os.fdopen(end, "wb") as file:
            file.write(_answer(function))
        os._exit(0)  # past all that this process has registered for its own end
    os.close(end)
    try:
        answer = _receive(pipe)
    finally:
        os.close(pipe)
        os.kill(copy, signal.SIGKILL)  # it has nothing left to do, or too much
        os.waitpid(copy, 0)
    if not answer.startswith(b"+"):
        raise CopyError(answer[1:].decode(errors="replace") or "it ended too early")
    return answer[1:].decode()
