"""Every page forbids what it does not need, and works under its own policy."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import PROJECT, QuietHandler, Site, make_small_site
from playwright.sync_api import Browser

from sitebuild.examples.build_error import BuildError
from sitebuild.site import content_policy

PAGE = '<!doctype html>\n<html><head><meta charset="utf-8"></head><body>{}</body></html>'
POLICY = re.compile(r'Content-Security-Policy" content="([^"]*)"')
# Sends a form of the page to an address of the same site; gives what forbade it, or nothing after a while.
SEND = """() => new Promise((done) => {
  document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
  setTimeout(done, 3000);
  const form = document.createElement("form");
  form.action = "elsewhere.html";
  document.body.append(form);
  form.submit();
})"""
# Lets the links of the page begin elsewhere; gives where they begin after that.
REBASE = """() => {
  const base = document.createElement("base");
  base.href = "http://elsewhere.invalid/";
  document.head.prepend(base);
  return document.baseURI;
}"""


def directives(policy: str) -> dict[str, set[str]]:
    """Names of the parts of a policy, with what each allows."""
    return {name: set(sources) for name, *sources in (part.split() for part in policy.split(";"))}


def test_an_inline_script_is_allowed_by_its_hash_alone() -> None:
    digest = base64.b64encode(hashlib.sha256(b"a = 1").digest()).decode()
    page = content_policy.add_policy(PAGE.format("<script>a = 1</script>"), "page")
    assert f"script-src 'self' 'sha256-{digest}';" in page
    assert "unsafe-inline" not in page
    assert "unsafe-eval" not in page


@pytest.mark.parametrize(
    "element",
    ['<p style="color: red">', '<a href="#" onclick="x()">', "<b class='a' onload='x'>", "<img src=x onerror=x>"],
)
def test_what_no_hash_can_allow_ends_the_build(element: str) -> None:
    with pytest.raises(BuildError, match="en/page.html"):
        content_policy.add_policy(PAGE.format(element), "en/page.html")


@pytest.mark.parametrize("text", ["&lt;a onload=&quot;x&quot;&gt;", "<b title='&lt;a onload=\"x\"&gt;'></b>"])
def test_what_only_looks_like_an_attribute_is_text(text: str) -> None:
    assert text in content_policy.add_policy(PAGE.format(text), "page")


def test_a_style_on_a_page_leaves_the_last_site(small_site: Site) -> None:
    assert small_site.build().returncode == 0
    before = (small_site.root / "build/html/en/index.html").read_text(encoding="utf-8")
    small_site.edit(
        "docs/_templates/page-footer.html", '<div class="bottom-of-page">', '<div style="color: red">'
    )
    result = small_site.build()
    assert result.returncode == 1
    assert "Content-Security-Policy forbids" in result.stderr
    assert (small_site.root / "build/html/en/index.html").read_text(encoding="utf-8") == before


def test_the_header_allows_what_each_page_allows(real_site: Site) -> None:
    html = real_site.root / "build/html"
    header = (html / "_headers").read_text(encoding="utf-8")
    for path in html.rglob("*.html"):
        policy = POLICY.search(path.read_text(encoding="utf-8"))[1]
        for source in re.findall(r"'[^']+'|data:", policy):
            assert source in header, path


class HeaderHandler(QuietHandler):
    """Sends what ``_headers`` says, as Netlify and Cloudflare Pages do."""

    def end_headers(self) -> None:
        for line in (Path(self.directory) / "_headers").read_text(encoding="utf-8").splitlines()[1:]:
            self.send_header(*line.strip().split(": ", 1))
        super().end_headers()


class OwnServerHandler(QuietHandler):
    """Sends the one header that the page on hosting asks of a server."""

    def end_headers(self) -> None:
        text = (PROJECT / "docs/hosting.rst").read_text(encoding="utf-8")
        self.send_header("Content-Security-Policy", re.search(r"``Content-Security-Policy: ([^`]*)``", text)[1])
        super().end_headers()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small finished site."""
    site = make_small_site(tmp_path_factory.mktemp("policy") / "site")
    result = site.build()
    assert result.returncode == 0, result.stderr
    return site.root / "build/html"


@pytest.fixture(params=[QuietHandler, HeaderHandler, OwnServerHandler])
def host(request: pytest.FixtureRequest, published: Path) -> Iterator[str]:
    """Address of the small site at a host that sends no header of ours, and at two that do."""
    handler = functools.partial(request.param, directory=str(published))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def foreign(browser: Browser) -> Iterator[tuple]:
    """A page that notes requests to other hosts, errors and missing files."""
    context, seen = browser.new_context(), []
    page = context.new_page()
    page.on(
        "console", lambda message: seen.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("response", lambda response: seen.append(response.url) if response.status >= 400 else None)
    page.on(
        "request",
        lambda request: (
            seen.append(request.url)
            if request.url.startswith("http") and "127.0.0.1" not in request.url
            else None
        ),
    )
    yield page, seen
    context.close()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_pages_read_well_from_files(foreign: tuple, language: str, real_site: Site) -> None:
    page, seen = foreign
    for name in ("index", "conv_bn_fusion/training"):
        page.goto((PROJECT / f"build/html/{language}/{name}.html").as_uri())
        assert page.is_hidden(".site-search")
        assert page.evaluate("getComputedStyle(document.querySelector('.page-top')).display") == "flex"
        page.locator(".theme-toggle:visible").first.click()
    assert seen == []


def test_header_and_pages_agree_but_for_frames(published: Path) -> None:
    line = re.search(r"^  Content-Security-Policy: (.*)$", (published / "_headers").read_text("utf-8"), re.MULTILINE)
    header = directives(line[1])
    # Browsers ignore this part in a page, and complain of it.
    assert header.pop("frame-ancestors") == {"'none'"}
    for path in published.rglob("*.html"):
        own = directives(POLICY.search(path.read_text(encoding="utf-8"))[1])
        assert own.keys() == header.keys(), path
        assert own["base-uri"] == own["form-action"] == {"'none'"}, path
        assert all(own[name] <= header[name] for name in own), path


def test_no_form_of_a_page_sends_anything(foreign: tuple, host: str) -> None:
    page, _seen = foreign
    page.goto(f"{host}/en/index.html")
    assert page.evaluate(SEND) == "form-action"
    assert page.url == f"{host}/en/index.html"


def test_no_element_lets_links_begin_elsewhere(foreign: tuple, host: str) -> None:
    page, _seen = foreign
    page.goto(f"{host}/en/index.html")
    assert page.evaluate(REBASE) == f"{host}/en/index.html"


def test_a_search_goes_from_the_box_to_the_page(foreign: tuple, host: str) -> None:
    page, seen = foreign
    page.goto(f"{host}/en/index.html")
    page.locator(".site-search:visible input").first.fill("square")
    page.keyboard.press("Enter")
    page.wait_for_selector(".search-results a:focus")
    page.keyboard.press("Enter")
    page.wait_for_url("**/double_backward/square.html*")
    assert seen == []


@pytest.mark.parametrize("host", [HeaderHandler, OwnServerHandler], indirect=True)
@pytest.mark.parametrize("element", ["iframe src", "object data", "embed src"])
def test_no_other_page_shows_the_site_in_a_frame(foreign: tuple, host: str, element: str) -> None:
    page, seen = foreign
    page.set_content(f'<{element}="{host}/en/index.html"></{element.split()[0]}>')
    assert not [frame for frame in page.frames if frame.url.startswith(host)]
    assert "frame-ancestors" in "".join(seen)
