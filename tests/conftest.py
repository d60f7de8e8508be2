"""Small real sites for the tests, built as a user builds them."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).parent.parent
sys.path[:0] = [str(PROJECT / folder) for folder in ("docs/_ext", "tests/mutants", "benchmarks/speed")]

from synthetic_gallery import settings_with  # noqa: E402

# Each site that a test builds brings its own copy of the package; commands run in its folder.
os.environ["PYTHONPATH"] = "docs/_ext"

# Every page of the site, without a suffix.
PAGES = sorted(
    [path.stem for path in (PROJECT / "docs").glob("*.rst")]
    + [
        path.relative_to(PROJECT / "gallery").with_suffix("").as_posix()
        for path in (PROJECT / "gallery").glob("*/*")
        if path.suffix in {".py", ".rst"}
    ]
)
GENERATED = "docs/double_backward"  # pages of the chapter of a small site
MACHINERY = ("_ext", "_templates", "_static", "_inventories", "_search")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in config.option.markexpr:
        items[:] = [item for item in items if item.get_closest_marker("slow") is None]
    for item in items:
        if item.get_closest_marker("slow") is not None:
            item.add_marker(pytest.mark.timeout(3600))


def command(name: str, *arguments: str) -> list[str]:
    """One of the commands behind the Makefile, to be run in the folder of a site."""
    return [sys.executable, "-m", f"sitebuild.commands.{name}", *arguments]


@functools.lru_cache(maxsize=400)
def _parse(path: Path, _changed: int) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def parse(path: Path) -> BeautifulSoup:
    """A page, parsed once as long as its file does not change: many tests read the whole site. Never changed by a test."""
    return _parse(path, path.stat().st_mtime_ns)


@dataclass
class Site:
    """A copy of the project's machinery around content of its own."""

    root: Path

    def build(self, languages: str = "en", *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the build and return how it ended and what it printed."""
        return subprocess.run(command("build_site", "--languages", languages, *arguments), cwd=self.root, capture_output=True, text=True, check=False)

    def make_command(self, *arguments: str) -> list[str]:
        """The project's make for this site, with the environment of these tests."""
        return ["make", f"--directory={self.root}", "--old-file=.venv/.installed", *arguments]

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run make and return how it ended and what it printed."""
        return subprocess.run(self.make_command(*arguments), capture_output=True, text=True, check=False)

    def contents(self) -> dict[str, bytes]:
        """Every file of the published site."""
        folder = self.root / "build" / "html"
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def page(self, language: str, name: str) -> BeautifulSoup:
        """A page of the published site."""
        return parse(self.root / "build" / "html" / language / f"{name}.html")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace ``old``, which has to be there, in a file."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file and the folders that it needs."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def add_example(self, name: str, code: str) -> None:
        """Add a script to the chapter, and name it in the chapter's index."""
        title = name.replace("_", " ").capitalize()
        head = f'"""\n{title}\n{"=" * len(title)}\n\nText.\n"""\n\n'
        self.write(f"gallery/double_backward/{name}.py", head + code)
        self.edit("gallery/double_backward/index.rst", "\n   square\n", f"\n   square\n   {name}\n")


def make_small_site(root: Path) -> Site:
    """Put a site with one example into the new folder ``root``."""
    shutil.copytree(PROJECT / "tests" / "roots" / "test-small", root)
    for name in MACHINERY:
        shutil.copytree(PROJECT / "docs" / name, root / "docs" / name)
    (root / "conf.py").write_text(settings_with("double_backward"), encoding="utf-8")
    for name in ("requirements.txt", "Makefile"):
        shutil.copy(PROJECT / name, root / name)
    shutil.copytree(PROJECT / "locks", root / "locks", ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".venv").symlink_to(sys.prefix)
    return Site(root)


@functools.cache
def _results_of_small_site() -> Path:
    """Generated pages of a small site whose example ran once: results hold wherever the checkout lies."""
    folder = tempfile.TemporaryDirectory(prefix="small-site-")
    atexit.register(folder.cleanup)
    site = make_small_site(Path(folder.name, "site"))
    result = site.build("en", "--examples")
    assert result.returncode == 0, result.stderr
    return site.root / GENERATED


def make_executed_site(root: Path) -> Site:
    """Put a small site into the new folder ``root``, with the results of its example: nothing of it runs again."""
    site = make_small_site(root)
    shutil.copytree(_results_of_small_site(), root / GENERATED)
    return site


def build_small_site(root: Path) -> Site:
    """Put a small site into the new folder ``root`` and build it, with a date that does not change."""
    site = make_executed_site(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "86400")
        result = site.build()
    assert result.returncode == 0, result.stderr
    return site


@pytest.fixture
def small_site(tmp_path: Path) -> Site:
    """A site with one example, which ran already; nothing else of the site was built yet."""
    return make_executed_site(tmp_path / "site")


@pytest.fixture
def fresh_site(tmp_path: Path) -> Site:
    """A site with one example, as a clone brings it: nothing has run."""
    return make_small_site(tmp_path / "site")


@pytest.fixture(scope="session")
def _one_built_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return build_small_site(tmp_path_factory.mktemp("built") / "site")


@pytest.fixture
def built_site(_one_built_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with one example that was built once: a copy, as of a checkout that was moved. Its date does not change."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    root = tmp_path / "site"
    shutil.copytree(_one_built_site.root, root, symlinks=True, dirs_exist_ok=True)
    return Site(root)


@pytest.fixture(scope="session")
def real_site() -> Site:
    """The site of this checkout, both languages, built if it is not up to date."""
    site = Site(PROJECT)
    result = site.build("en zh_CN")
    assert result.returncode == 0, result.stdout + result.stderr
    return site


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="session")
def address(real_site: Site) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=str(real_site.root / "build/html"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # For one module at a time: while it lives, no other event loop can run, and notebooks need one.
    from sitebuild.commands import system_requirements  # on the path since the top of this file

    with sync_playwright() as playwright:
        path = system_requirements.find("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
