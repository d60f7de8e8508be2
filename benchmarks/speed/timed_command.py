"""Runs a command and tells how long it took and how much memory it held."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Timed:
    """How a command went.

    Attributes
    ----------
    seconds : float
        Wall-clock time.
    mebibytes : float
        Most memory that one of its processes held.
    output : str
        What it printed.
    """

    seconds: float
    mebibytes: float
    output: str

    @property
    def executed(self) -> int:
        """Number of examples that a build ran."""
        return self.output.count("  running ")


def run(command: list[str], folder: Path, **environment: str) -> Timed:
    """Run ``command`` in ``folder``.

    Parameters
    ----------
    command : list of str
        Program and arguments.
    folder : Path
        Working directory.
    **environment : str
        Further variables of the environment.

    Raises
    ------
    RuntimeError
        If it fails; the message holds the end of what it printed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = process.stdout.read()
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"{' '.join(command)} failed in {folder}:\n{output[-3000:]}")
    return Timed(seconds, usage.ru_maxrss / 1024, output)
