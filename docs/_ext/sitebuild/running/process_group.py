"""Runs processes in groups, and ends them together with all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

from sitebuild.examples.build_error import BuildError
from sitebuild.running.descendants import end_descendants

JOBS = "JOBS"  # environment variable: how many processes may run at once


def lead_own_group() -> None:
    """Put this process into a group of its own, which can be ended as a whole."""
    with suppress(OSError):
        os.setpgid(0, 0)


def end(leader: int) -> None:
    """Kill the group that the process ``leader`` leads, and what it has started outside of that group."""
    end_descendants(leader)
    with suppress(ProcessLookupError, PermissionError):  # nothing is left of it; macOS says the latter
        os.killpg(leader, signal.SIGKILL)


class Guard:
    """A process that waits for the end of this one, however it comes, to end what it has started.

    A process that is killed cannot do that itself. The guard learns of the end from a pipe, which
    the system then closes.
    """

    def __init__(self) -> None:
        reading, self._writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(self._writing)
            self._wait(reading)
        os.close(reading)

    @staticmethod
    def _wait(reading: int) -> NoReturn:
        os.setsid()  # what ends this process, such as Ctrl-C, does not end its guard
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        watched: set[int] = set()
        for line in os.fdopen(reading):
            (watched.add if line[0] == "+" else watched.discard)(int(line[1:]))
        for leader in watched:
            end(leader)
        os._exit(0)

    def watch(self, leader: int) -> None:
        """End the group of ``leader`` with this process."""
        os.write(self._writing, f"+{leader}\n".encode())

    def forget(self, leader: int) -> None:
        """The group of ``leader`` is no more."""
        os.write(self._writing, f"-{leader}\n".encode())

    def leave(self) -> None:
        """In a process that was forked from this one: do not keep the guard waiting."""
        os.close(self._writing)

    def dismiss(self) -> None:
        """End the guard, and what it watches."""
        os.close(self._writing)
        os.waitpid(self._process, 0)


@contextmanager
def guard() -> Iterator[Guard]:
    """A guard for the time of a ``with`` statement."""
    guard = Guard()
    try:
        yield guard
    finally:
        guard.dismiss()


def jobs() -> int:
    """How many processes run at once: as many as there are cores, unless ``JOBS`` says otherwise.

    Raises
    ------
    BuildError
        If the environment variable ``JOBS`` is not a positive number.
    """
    wanted = os.environ.get(JOBS, "")
    if wanted and not (wanted.isdecimal() and int(wanted) > 0):
        raise BuildError(f"{JOBS} is {wanted!r}: expected the number of processes that may run at once, such as 2")
    if wanted:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _file_in_memory() -> BinaryIO:
    """A file without a name. It is not on the disk, where that is possible: what tells of a full disk must find room."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("errors"), "w+b")
    return tempfile.TemporaryFile()


def run_side_by_side(
    commands: list[list[str]], folder: Path, environment: Mapping[str, str]
) -> list[tuple[int, bytes]]:
    """Run ``commands`` in ``folder``, with the variables in ``environment``.

    With more than one of :func:`jobs`, one command more runs at a time: otherwise a core would wait for
    the last of them. They end with this process, whether that is interrupted or killed.

    Returns
    -------
    list of (int, bytes)
        The exit status of each, -N for the signal N, and what it wrote to standard error.
    """
    running: set[int] = set()
    interrupted = threading.Event()
    starting = threading.Lock()  # none starts unseen while the others are ended
    at_once = jobs() + 1 if jobs() > 1 else 1
    with guard() as watching, ThreadPoolExecutor(at_once) as pool:

        def run(command: list[str]) -> tuple[int, bytes]:
            # No pipe: that would not end before the last process that holds it, which a script may have left behind.
            with _file_in_memory() as errors:
                with starting:
                    if interrupted.is_set():
                        raise KeyboardInterrupt
                    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=errors, process_group=0)
                    running.add(process.pid)
                    watching.watch(process.pid)
                process.wait()
                end(process.pid)  # what it may have left behind
                watching.forget(process.pid)
                running.discard(process.pid)
                errors.seek(0)
                return process.returncode, errors.read()

        try:
            return list(pool.map(run, commands))
        except BaseException:  # KeyboardInterrupt above all: the pool waits for the end of all that runs
            with starting:
                interrupted.set()
            for leader in set(running):
                end(leader)
            raise
