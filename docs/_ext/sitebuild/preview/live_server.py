"""Serves the site, and adds to its pages, on their way, a script that follows the builds.

The files of the site stay as they were built. The script comes from the same host, so that each page's
Content-Security-Policy allows it as it stands.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from sitebuild.preview.progress import Progress, State

_LIVE = "/live/"  # no page of the site begins so: its folders are languages
_ASSETS = Path(__file__).with_name("assets")
_SCRIPT = '<script type="module" src="{}page.js?built={}"></script>\n'
_MISSING = '<!doctype html>\n<meta charset="utf-8">\n<title>{0}</title>\n<p>{0}</p>\n'
_SECONDS = 15  # after which a listener that heard nothing is looked for


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: object, progress: Progress, **settings: object) -> None:
        self.progress = progress
        super().__init__(*args, **settings)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        with suppress(ConnectionError):  # the reader has left
            if path == f"{_LIVE}events":
                self._send_events()
            elif path.startswith(_LIVE):
                self._send_asset("side_by_side.html" if path == f"{_LIVE}side-by-side" else path.removeprefix(_LIVE))
            else:
                self._send_from_site()

    def _send_from_site(self) -> None:
        built = self.progress.state.built  # before the file is read: a page may be newer than it says, never older
        file = Path(self.translate_path(self.path))
        if file.is_dir() and urlsplit(self.path).path.endswith("/"):
            file /= "index.html"
        if file.suffix == ".html" or not file.exists():
            self._send_page(file, built)
        else:
            super().do_GET()

    def _send_page(self, file: Path, built: str) -> None:
        """A page, or one that says that there is none yet: it waits for the next build as well."""
        status = HTTPStatus.OK
        try:
            page = file.read_bytes()
        except FileNotFoundError:
            status = HTTPStatus.NOT_FOUND
            page = _MISSING.format("There is no such page yet.").encode()
        self._send(page + _SCRIPT.format(_LIVE, built).encode(), "text/html; charset=utf-8", status)

    def _send_asset(self, name: str) -> None:
        if name not in {path.name for path in _ASSETS.iterdir()}:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._send((_ASSETS / name).read_bytes(), self.guess_type(name), HTTPStatus.OK)

    def _send(self, body: bytes, kind: str, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_events(self) -> None:
        """Each state as a server-sent event, until the reader leaves."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        known: State | None = None
        while True:
            state = self.progress.wait_for_other(known, _SECONDS)
            # A line that begins with a colon says nothing, but fails where nobody listens any more.
            event = ":" if state is known else f"data: {json.dumps(asdict(state))}"
            self.wfile.write(f"{event}\n\n".encode())
            known = state

    def end_headers(self) -> None:
        # By its date alone, a browser would take a style sheet that was edited twice in a second as known.
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """Print nothing: the terminal shows the builds."""


def handler(site: Path, progress: Progress) -> Callable[..., SimpleHTTPRequestHandler]:
    """Makes what answers a request for ``site``."""
    return functools.partial(_Handler, directory=str(site), progress=progress)
