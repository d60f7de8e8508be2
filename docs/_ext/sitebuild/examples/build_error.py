"""The error that ends a command, and how errors are told to people."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

FULL = [os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT)]


class BuildError(Exception):
    """A stage failed; its message is all that the user has to read."""


def exit_status(command: Callable[[list[str]], None], arguments: list[str]) -> int:
    """Run ``command`` with ``arguments``; return the exit status, and explain one that is not 0.

    What is left out of the explanation: tracebacks of what people cause and can mend.
    """
    try:
        command(arguments)
    except KeyboardInterrupt:
        print("Interrupted. The last finished site is still in place.", file=sys.stderr)
        return 128 + 2  # as shells count SIGINT
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("sitebuild"):
            raise
        print(f"The environment .venv lacks {error.name}: remove .venv, and run the command again.", file=sys.stderr)
        return 1
    except (BuildError, OSError) as error:
        full = any(reason in str(error) for reason in FULL)
        if isinstance(error, OSError) and not full:
            raise
        if full:
            print("The disk is full: make room on it and run the command again.", file=sys.stderr)
        print(error, file=sys.stderr)
        return 1
    return 0
