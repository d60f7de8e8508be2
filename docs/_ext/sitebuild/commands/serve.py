"""``make serve``: shows the finished site on a port of this machine."""

from __future__ import annotations

import errno
import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from sitebuild.building.folders import SITE
from sitebuild.examples.build_error import BuildError, exit_status


def main(arguments: list[str]) -> None:
    """Serve the site until Ctrl-C.

    Raises
    ------
    BuildError
        If the port cannot be had.
    """
    port = int(arguments[0])
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(SITE))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        reasons = {errno.EADDRINUSE: "is in use", errno.EACCES: "is for the system only"}
        if error.errno not in reasons:
            raise
        raise BuildError(f"Port {port} {reasons[error.errno]}: choose another, as in 'make serve PORT=8765'") from error
    print(f"http://localhost:{port}/ (Ctrl-C ends it)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
