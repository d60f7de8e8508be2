"""Every page forbids what it does not need, and works under its own policy."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest
from conftest import PROJECT, Site
from playwright.sync_api import Browser

from sitebuild.examples.build_error import BuildError
from sitebuild.site import content_policy

PAGE = '<!doctype html>\n<html><head><meta charset="utf-8"></head><body>{}</body></html>'


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


def test_no_page_leads_elsewhere_by_a_base_or_a_form(real_site: Site, browser: Browser, address: str) -> None:
    html = real_site.root / "build/html"
    header = (html / "_headers").read_text(encoding="utf-8")
    assert "; base-uri 'none'; form-action 'self'; frame-ancestors 'self'\n" in header
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(f"{address}/en/index.html")
    assert complaints == []  # such as one on a directive that a page may not hold
    page.evaluate(
        """() => {
            const form = document.body.appendChild(document.createElement('form'));
            form.action = 'https://elsewhere.invalid/';
            form.submit();
            const base = document.head.appendChild(document.createElement('base'));
            base.href = 'https://elsewhere.invalid/';
        }"""
    )
    page.wait_for_timeout(500)
    assert page.url.startswith(address) and page.evaluate("document.baseURI").startswith(address)
    assert [next(part for part in ("form-action", "base-uri") if part in text) for text in complaints] == ["form-action", "base-uri"]
    page.close()


def test_the_header_allows_what_each_page_allows(real_site: Site) -> None:
    html = real_site.root / "build/html"
    header = (html / "_headers").read_text(encoding="utf-8")
    for path in html.rglob("*.html"):
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', path.read_text(encoding="utf-8"))[1]
        for source in re.findall(r"'[^']+'|data:", policy):
            assert source in header, path


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
