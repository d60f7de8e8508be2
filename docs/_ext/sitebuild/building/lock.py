"""Lets one build work in a checkout at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sitebuild.building.sphinx_build import WORK


@contextmanager
def only_build(root: Path) -> Iterator[None]:
    """Hold the lock of this checkout; wait while another build has it."""
    (root / WORK).mkdir(parents=True, exist_ok=True)
    with open(root / WORK / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another build in this checkout to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
