"""Builds the site in a process of its own, so that each build runs the machinery as it stands on the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def rebuild(root: Path, command: list[str]) -> str:
    """Run ``command`` in ``root`` and return what it complained about; "" if it succeeded.

    What it prints is for the terminal, too.
    """
    with subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True, errors="replace") as build:
        try:
            _nothing, errors = build.communicate()
        except KeyboardInterrupt:
            build.wait()  # Ctrl-C has reached it, too; it still has to end what it started
            raise
    print(errors, end="", file=sys.stderr, flush=True)
    if build.returncode == 0:
        return ""
    return errors.strip() or f"The build ended with status {build.returncode} and said nothing."
