"""``make serve``: shows the finished site on a port of this machine."""

from __future__ import annotations

import functools
import sys
from http.server import SimpleHTTPRequestHandler

from sitebuild.building.folders import SITE
from sitebuild.examples.build_error import exit_status
from sitebuild.preview.listening import listen


def main(arguments: list[str]) -> None:
    """Serve the site until Ctrl-C."""
    port = int(arguments[0])
    server = listen(port, functools.partial(SimpleHTTPRequestHandler, directory=str(SITE)), "make serve")
    print(f"http://localhost:{port}/ (Ctrl-C ends it)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
