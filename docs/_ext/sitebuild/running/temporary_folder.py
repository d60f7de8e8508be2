"""Where temporary files lie: those of sphinx-build in a folder of the build, those of scripts where the system wants them.

What a process that is killed leaves in the folder of the build goes with the next one. Scripts may
make sockets, whose paths have to be short, and should run as they do for readers.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = "TMPDIR"
_OF_SYSTEM = "SITEBUILD_TMPDIR_OF_SYSTEM"  # keeps what the other one held, "" if it was not set


def environment_with(folder: Path) -> dict[str, str]:
    """The environment for a process whose temporary files go to ``folder``."""
    return {**os.environ, _FOLDER: str(folder), _OF_SYSTEM: os.environ.get(_FOLDER, "")}


def _use(folder: str) -> None:
    if folder:
        os.environ[_FOLDER] = folder
    else:
        os.environ.pop(_FOLDER, None)
    tempfile.tempdir = None  # found anew when it is needed


@contextmanager
def that_of_the_system() -> Iterator[None]:
    """For the time of a ``with`` statement, give this process, and those that it starts, the folder of the system."""
    if (of_system := os.environ.pop(_OF_SYSTEM, None)) is None:  # somebody has called sphinx-build by hand
        yield
        return
    of_build = os.environ[_FOLDER]
    _use(of_system)
    try:
        yield
    finally:
        _use(of_build)
