"""Serves the finished site as a web host does: compressed, with content types, cache times and a 404 page."""

from __future__ import annotations

import functools
import gzip
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# Types by ending; what is not listed here is of no known type, and compressed already.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".py": "text/x-python; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".txt", ".xml", ".py", ".ipynb"}
# The name of a bundle changes with its text; all else is asked for again after ten minutes, as on
# GitHub Pages.
FOREVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=600"


@functools.cache
def _compress(path: Path) -> bytes:
    """Text of a file in gzip, at the level that most hosts use; the site does not change meanwhile."""
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


class SiteHandler(SimpleHTTPRequestHandler):
    """Answers GET and HEAD with the files of one folder."""

    protocol_version = "HTTP/1.1"  # one connection for several files
    disable_nagle_algorithm = True  # no pause between headers and body

    def send_head(self) -> io.BytesIO:
        """Send status and headers; return the body."""
        path, status = Path(self.translate_path(self.path)), HTTPStatus.OK
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            path, status = Path(self.directory) / "404.html", HTTPStatus.NOT_FOUND
        compressed = path.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", "")
        body = _compress(path) if compressed else path.read_bytes()
        self.send_response(status)
        self.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", FOREVER if "?v=" in self.path else A_WHILE)
        if path.suffix in COMPRESSED:
            self.send_header("Vary", "Accept-Encoding")
        if compressed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        return io.BytesIO(body)

    def handle(self) -> None:
        """Answer until the browser hangs up, which it may do at any time."""
        with suppress(ConnectionResetError):
            super().handle()

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@contextmanager
def serving(site: Path) -> Iterator[str]:
    """Serve the folder ``site`` on a free port of this machine; give the address, without a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(SiteHandler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
