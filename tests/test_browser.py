"""A real Chromium reads both sites over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from conftest import PAGES
from playwright.sync_api import Browser, Page

CHAPTER_PAGES = [name for name in PAGES if "/" in name]
GRAPH_PAGES = [
    *(name for name in CHAPTER_PAGES if name.startswith("double_backward/") and not name.endswith("/index")),
    "conv_bn_fusion/fused_function",
]
EXAMPLE = "double_backward/saving_intermediates"
PAGES_OF_EACH_KIND = [*(name for name in PAGES if "/" not in name), *(f"{EXAMPLE.partition('/')[0]}/index", *GRAPH_PAGES)]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_pages_load_from_one_host_without_errors_and_never_scroll_sideways(page: Page, address: str, language: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: request.url.startswith((address, "data:")) or complaints.append(request.url))
    page.on("response", lambda response: response.status < 400 or complaints.append(f"{response.status} {response.url}"))
    for name in PAGES:
        # Half a second without a request, on one page of each kind: they share their scripts.
        page.goto(f"{address}/{language}/{name}.html", wait_until="networkidle" if name in PAGES_OF_EACH_KIND else "load")
        assert page.locator("h1").count() == 1
        policy = page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
        assert policy.startswith("default-src 'self'; script-src 'self'")
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            # A display without a scroll bar of its own: anything wider than the window is a fault.
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (name, width)
    assert complaints == []


def test_the_switch_works_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/en/{EXAMPLE}.html")
    page.get_by_role("link", name="简体中文").click()
    assert page.url == f"{address}/zh_CN/{EXAMPLE}.html"
    assert page.locator("h1").inner_text().startswith("保存中间结果")
    page.get_by_role("link", name="English").click()
    assert page.url == f"{address}/en/{EXAMPLE}.html"
    context.close()


@pytest.mark.parametrize(("locale", "expected"), [("zh-CN", "zh_CN"), ("en-US", "en"), ("de-DE", None)])
def test_the_landing_page_follows_the_browser(
    browser: Browser, address: str, locale: str, expected: str | None
) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(f"{address}/", wait_until="networkidle")
    if expected:
        page.wait_for_url(f"{address}/{expected}/index.html")
    else:
        assert page.get_by_role("link", name="English").is_visible()
        assert page.get_by_role("link", name="简体中文").is_visible()
    context.close()


def test_the_theme_toggle_recolours_the_graph(page: Page, address: str) -> None:
    page.goto(f"{address}/en/{EXAMPLE}.html")
    colours = set()
    for _click in range(3):
        theme = page.evaluate("document.body.dataset.theme")
        colours.add((theme, page.evaluate("getComputedStyle(document.querySelector('.node.leaf rect')).fill")))
        page.locator(".theme-toggle-content .theme-toggle").click()
    assert {theme for theme, _colour in colours} == {"auto", "light", "dark"}
    assert dict(colours)["light"] != dict(colours)["dark"]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_copy_button_copies_the_code(page: Page, address: str, language: str) -> None:
    page.goto(f"{address}/{language}/{EXAMPLE}.html")
    block = page.locator("div.highlight-Python").nth(1)
    block.hover()
    block.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("pre").inner_text().strip()
    assert page.locator(".sphx-glr-script-out button.copybtn").count() == 0


def test_code_is_dark_in_the_dark(browser: Browser, address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}/en/{EXAMPLE}.html")
    paper = page.evaluate("getComputedStyle(document.querySelector('.highlight')).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", paper)[:3]) < 80
    context.close()


def test_the_text_of_a_graph_can_be_selected_and_found(page: Page, address: str) -> None:
    page.goto(f"{address}/en/{EXAMPLE}.html")
    page.locator(".autograd-graph text", has_text="SinhBackward").first.dblclick()
    assert "SinhBackward" in page.evaluate("getSelection().toString()")
    page.evaluate("getSelection().removeAllRanges()")
    assert page.evaluate("window.find('CloneBackward0')")


def test_a_graph_has_a_name_and_a_description(page: Page, address: str) -> None:
    page.goto(f"{address}/zh_CN/{EXAMPLE}.html")
    image = page.get_by_role("group", name="反向图")
    assert image.count() == 1
    assert "SinhBackward" in image.locator("desc").text_content()


def test_no_label_is_wider_than_its_box(page: Page, address: str) -> None:
    for name in GRAPH_PAGES:
        page.goto(f"{address}/en/{name}.html")
        worst = page.evaluate(
            """() => Math.max(...[...document.querySelectorAll('.autograd-graph .node')].flatMap((node) =>
                 [...node.querySelectorAll('text')].map((text) =>
                   text.getBBox().width - node.querySelector('rect').getBBox().width)))"""
        )
        assert worst < 0, name


def test_everything_is_reached_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/en/{EXAMPLE}.html")
    reached = set()
    for _press in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('class') || document.activeElement.textContent.trim()"))
    text = " ".join(map(str, reached))
    for wanted in ("skip-to-content", "theme-toggle", "简体中文", "graph-scroll", "next-page"):
        assert wanted in text, wanted


@pytest.mark.parametrize(("language", "script"), [("en", "Python script"), ("zh_CN", "Python脚本")])
def test_each_download_link_delivers_its_file(page: Page, address: str, language: str, script: str) -> None:
    for name in CHAPTER_PAGES:
        page.goto(f"{address}/{language}/{name}.html")
        links = page.locator(".downloads a")
        targets = [link.get_attribute("href") for link in links.all()]
        assert len(set(targets)) == 2
        # The page of a script has the same links below the text.
        assert targets == (targets[:2] if name.endswith("index") else targets[:2] * 2)
        for index in range(2):
            with page.expect_download() as download:
                links.nth(index).click()
            wanted = links.nth(index).get_attribute("href").rpartition("/")[2]
            assert download.value.suggested_filename == wanted
            assert download.value.path().stat().st_size > 500
    assert page.get_by_role("link", name=script).count() == 2


def test_paper_shows_the_text_alone(page: Page, address: str) -> None:
    page.goto(f"{address}/en/{EXAMPLE}.html")
    page.emulate_media(media="print", color_scheme="dark")
    for screen_only in (".sidebar-drawer", ".page-top", ".downloads.top", ".related-pages", ".skip-to-content"):
        assert not page.locator(screen_only).first.is_visible(), screen_only
    code = page.locator("div.highlight-Python pre").nth(1)
    assert code.evaluate("element => getComputedStyle(element).whiteSpace") == "pre-wrap"
    assert page.evaluate("getComputedStyle(document.querySelector('.node.leaf rect')).fill") == "rgb(219, 234, 254)"
