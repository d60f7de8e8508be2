"""Measures how often the search finds a page that answers, and writes docs/search_recall.json.

It asks the site that was built last, in Chromium, every query of tests/queries/. The page of checks shows the
numbers; a test holds them.
"""

from __future__ import annotations

import datetime
import functools
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import recall
from playwright.sync_api import sync_playwright

PROJECT = recall.PROJECT
sys.path.insert(0, str(PROJECT / "docs" / "_ext"))

from sitebuild.commands import system_requirements  # noqa: E402 - on the path since the line above

SITE = PROJECT / "build" / "html"
RESULTS = PROJECT / "docs" / "search_recall.json"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Print nothing."""


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serve ``site``; give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def measure() -> dict[str, list[recall.Answer]]:
    """Ask all queries of all languages."""
    languages = sorted(path.stem for path in recall.QUERIES.glob("*.toml"))
    with serve(SITE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_requirements.find("chromium"), args=FLAGS)
        answers = {language: recall.ask(browser.new_page(), address, language) for language in languages}
        browser.close()
    return answers


def main() -> None:
    """Measure, write the numbers down, and name the queries that found nothing among the first three."""
    answers = measure()
    numbers = {language: recall.summarise(those, language) for language, those in answers.items()}
    found = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "languages": numbers}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for language, those in answers.items():
        right = sum(answer.is_right(3) for answer in those)
        print(f"{language}: {right} of {len(those)} found among the first three")
        for answer in those:
            if not answer.is_right(3):
                print(f"  {answer.text.splitlines()[-1]!r} found {', '.join(answer.found) or 'nothing'}")


if __name__ == "__main__":
    main()
