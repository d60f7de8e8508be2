"""The error that ends a command, and how errors are told to people."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

_ROOM = "The disk is full: make room on it and run the command again."
_WRITABLE = "A disk cannot be written to: work in a copy elsewhere, or mount its disk for writing"
_RIGHTS = "change its owner or its rights, or work in a copy of your own"
# What people cause and can mend, and what they can do; any other error of the system is a mistake of ours.
_ADVICE = {
    errno.EROFS: "it cannot be written to; work in a copy elsewhere, or mount its disk for writing",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EMFILE: "allow more of them, as in 'ulimit -n 4096', or run fewer examples at once with JOBS=1",
    errno.ENAMETOOLONG: "give it a shorter name, or move the checkout to a folder with a shorter path",
}


class BuildError(Exception):
    """A stage failed; its message is all that the user has to read."""


def _names(error: Exception, *numbers: int) -> bool:
    """Whether ``error`` is of such a kind, or tells of one: Sphinx and shutil put the words of the system into their own."""
    return any(os.strerror(number) in str(error) for number in numbers)


def _explain(error: BuildError | OSError) -> str:
    """What to tell of ``error``; "" if it is for those who can read a traceback."""
    told = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if _names(error, errno.ENOSPC, errno.EDQUOT):
        return f"{_ROOM}\n{told}"
    if isinstance(error, BuildError):
        return f"{_WRITABLE}\n{told}" if _names(error, errno.EROFS) else told
    return next((f"{told}: {advice}" for number, advice in _ADVICE.items() if _names(error, number)), "")


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
        if not (told := _explain(error)):
            raise
        print(told, file=sys.stderr)
        return 1
    return 0
