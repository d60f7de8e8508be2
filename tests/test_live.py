"""`make live` builds after an edit, and a real Chromium shows the page anew, where the reader was."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Site, command, make_executed_site
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from watchfiles import Change

from sitebuild.preview.edits import ByPeople

PART = "\n\n".join(f"Paragraph {number} of {{0}}, {'long ' * 40}" for number in range(30))
GUIDE = f"Guide\n=====\n\n{PART.format('one')}\n\nPart two\n--------\n\n{PART.format('two')}\n"


@dataclass
class LiveSite:
    """A small site that `make live` shows, with a long page."""

    site: Site
    address: str
    log: Path

    def builds(self) -> int:
        """How many builds have started."""
        return self.log.read_text(encoding="utf-8").splitlines().count("Running examples")

    def rests(self, page: Page) -> bool:
        """Whether there soon is a second in which no build runs."""
        for _try in range(60):
            builds, busy = self.builds(), page.get_by_text("Building").is_visible()
            page.wait_for_timeout(1000)
            if not busy and builds == self.builds():
                return True
        return False


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    folder = tmp_path_factory.mktemp("live")
    site = make_executed_site(folder / "site")
    site.write("docs/guide.rst", GUIDE)
    site.edit("docs/index.rst", "\n   double_backward/index\n", "\n   double_backward/index\n   guide\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command("live", str(port)), cwd=site.root, stdout=output, stderr=output)
    yield LiveSite(site, f"http://localhost:{port}", log)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert "Traceback" not in log.read_text(encoding="utf-8")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("request", lambda request: request.url.startswith(("http://localhost:", "data:")) or complaints.append(request.url))
    yield context
    context.close()
    missing = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [complaint for complaint in complaints if complaint != missing] == []


def open_built(page: Page, address: str) -> None:
    """Open a page: before the first build has ended, one that waits for it."""
    for _try in range(600):
        try:
            page.goto(address)
            break
        except Exception as error:  # the server has not opened its port yet
            assert "ERR_CONNECTION_REFUSED" in str(error)
            page.wait_for_timeout(100)
    expect(page.locator("h1")).to_be_visible(timeout=60_000)


def scroll_to(element: Locator) -> float:
    """Bring ``element`` near the top of the window; return how far from it that is."""
    element.evaluate("element => scrollTo({top: scrollY + element.getBoundingClientRect().top - 90, behavior: 'instant'})")
    return top_of(element)


def top_of(element: Locator) -> float:
    return element.evaluate("element => element.getBoundingClientRect().top")


def comes_back_to(element: Locator, top: float) -> bool:
    """Whether ``element`` is soon as far from the top of the window as it was before."""
    for _try in range(100):
        if abs(top_of(element) - top) <= 1:
            return True
        element.page.wait_for_timeout(100)
    return False


def test_an_edit_shows_itself_where_the_reader_is_and_an_error_until_it_is_mended(live: LiveSite, context: BrowserContext) -> None:
    page, later = context.new_page(), context.new_page()
    open_built(page, f"{live.address}/en/guide.html")
    later.goto(f"{live.address}/en/later.html")
    expect(later.get_by_text("There is no such page yet.")).to_be_visible()
    read = page.get_by_text("Paragraph 11 of two")
    top = scroll_to(read)
    first_height = page.evaluate("() => scrollY")

    live.site.write("docs/later.rst", ":orphan:\n\nLater\n=====\n\nNow.\n")
    live.site.edit("docs/guide.rst", "Paragraph 2 of one", "An addition.\n\nParagraph 2 of one")
    expect(page.get_by_text("An addition.")).to_be_attached(timeout=60_000)
    expect(later.locator("h1")).to_have_text("Later", timeout=60_000)
    assert comes_back_to(read, top)
    assert page.evaluate("() => scrollY") > first_height + 20

    good = live.site.contents()
    live.site.edit("docs/guide.rst", "An addition.", "A :wrong:`addition`.")
    error = page.get_by_role("alert")
    expect(error).to_contain_text('docs/guide.rst:8: Unknown interpreted text role "wrong"', timeout=60_000)
    expect(page.get_by_text("An addition.")).to_be_attached()
    assert live.rests(page) and live.builds() >= 3  # what a build writes is no reason for another one
    assert live.site.contents() == good
    assert not any(b"/live/" in text for text in good.values())

    live.site.edit("docs/guide.rst", "A :wrong:`addition`.", "A right addition.")
    expect(page.get_by_text("A right addition.")).to_be_attached(timeout=60_000)
    expect(error).to_have_count(0)
    assert comes_back_to(read, top)


def test_both_languages_side_by_side(live: LiveSite, context: BrowserContext) -> None:
    page = context.new_page()
    open_built(page, f"{live.address}/en/guide.html")
    page.get_by_role("link", name="Side by side").click()
    english, chinese = (page.frame_locator(f"iframe[title={language}]") for language in ("en", "zh_CN"))
    read = "Paragraph 11 of two"
    expect(chinese.get_by_text(read)).to_be_attached()
    expect(english.get_by_text(read)).to_be_attached()
    for frame in page.frames:
        frame.wait_for_load_state()
    scroll_to(english.get_by_text(read))
    expect(chinese.get_by_text(read)).to_be_in_viewport()

    # As many editors save: a new file in the place of the old one.
    settings = live.site.root / "conf.py"
    new = settings.with_name("conf.py.new")
    new.write_text(settings.read_text(encoding="utf-8").replace('project = "', 'project = "New '), encoding="utf-8")
    os.replace(new, settings)
    for frame in english, chinese:
        expect(frame.get_by_text("New Extending PyTorch").first).to_be_attached(timeout=60_000)
        expect(frame.get_by_text(read)).to_be_in_viewport()

    chinese.get_by_role("link", name="Chapter").first.evaluate("link => link.click()")
    expect(english.locator("h1")).to_have_text("Chapter")
    assert page.url == f"{live.address}/live/side-by-side?page=double_backward%2Findex.html"


@pytest.mark.parametrize(
    ("name", "by_people"),
    [
        ("gallery/double_backward/square.py", True),
        ("docs/locale/zh_CN/LC_MESSAGES/index.po", True),
        ("docs/_ext/sitebuild/site/publish.py", True),
        ("conf.py", True),
        ("docs/locale/zh_CN/LC_MESSAGES/index.mo", False),
        ("docs/double_backward/square.rst", False),
        ("docs/.index.rst.swp", False),
        ("gallery/double_backward/square.py~", False),
        ("docs/_ext/sitebuild/site/__pycache__/publish.cpython-311.pyc", False),
        ("build/html/index.html", False),
        ("", False),
    ],
)
def test_only_what_people_edit_is_a_reason_to_build(name: str, by_people: bool) -> None:
    root = Path("/site-packages/node_modules")  # the folders above do not matter
    assert ByPeople(root)(Change.modified, str(root / name)) is by_people


def test_a_taken_port_is_named(small_site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(command("live", str(port)), cwd=small_site.root, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == f"Port {port} is in use: choose another, as in 'make live PORT=8765'\n"


def test_watching_that_the_system_refuses_is_told(small_site: Site) -> None:
    (small_site.root / "gallery").rename(small_site.root / "elsewhere")
    result = subprocess.run(command("live", "0"), cwd=small_site.root, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Edits go unnoticed" in result.stderr and "Traceback" not in result.stderr
