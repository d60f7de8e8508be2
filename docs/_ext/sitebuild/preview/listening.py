"""Takes a port of this machine for a server."""

from __future__ import annotations

import errno
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sitebuild.examples.build_error import BuildError

_REASONS = {errno.EADDRINUSE: "is in use", errno.EACCES: "is for the system only"}


def listen(port: int, handler: Callable[..., BaseHTTPRequestHandler], command: str) -> ThreadingHTTPServer:
    """A server on ``port``, which only this machine can reach; ``command`` is what a person ran.

    Raises
    ------
    BuildError
        If the port cannot be had.
    """
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        if error.errno not in _REASONS:
            raise
        raise BuildError(f"Port {port} {_REASONS[error.errno]}: choose another, as in '{command} PORT=8765'") from error
