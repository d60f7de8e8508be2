"""What stands above the languages, and the addresses that a published site tells."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

import pytest
from conftest import Site, parse
from playwright.sync_api import Browser

from sitebuild.site import root_pages

BASE = "https://example.org/sub/site"
SETTING = 'site_base_url = ""'


@pytest.fixture
def published(small_site: Site) -> Site:
    """A small site with an address, in two languages."""
    small_site.edit("conf.py", SETTING, f'site_base_url = "{BASE}/"')
    small_site.write(
        "docs/locale/zh_CN/LC_MESSAGES/index.po",
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Small site"\nmsgstr "小站点"\n',
    )
    result = small_site.build("en zh_CN", "--draft")
    assert result.returncode == 0, result.stdout + result.stderr
    return small_site


def test_a_published_site_tells_absolute_addresses_both_ways(published: Site) -> None:
    for language in ("en", "zh_CN"):
        page = published.page(language, "index")
        assert page.select_one("link[rel=canonical]")["href"] == f"{BASE}/{language}/index.html"
        alternates = {link["hreflang"]: link["href"] for link in page.select("link[rel=alternate]")}
        assert alternates == {"en": f"{BASE}/en/index.html", "zh-CN": f"{BASE}/zh_CN/index.html"}
        assert page.select_one("meta[property='og:url']")["content"] == f"{BASE}/{language}/index.html"


def test_the_sitemap_lists_every_page_with_its_counterparts(published: Site) -> None:
    html = published.root / "build/html"
    tree = ElementTree.parse(html / "sitemap.xml")
    listed = [element.text for element in tree.iter(f"{{{root_pages.SITEMAP}}}loc")]
    pages = [
        path.relative_to(html).as_posix()
        for code in ("en", "zh_CN")
        for path in (html / code).rglob("*.html")
    ]
    assert sorted(listed) == sorted(f"{BASE}/{page}" for page in pages)
    for entry in tree.iter(f"{{{root_pages.SITEMAP}}}url"):
        assert {link.get("hreflang") for link in entry.iter(f"{{{root_pages.XHTML}}}link")} == {"en", "zh-CN"}


def test_the_404_page_finds_home_under_a_sub_path(published: Site) -> None:
    page = parse(published.root / "build/html/404.html")
    assert [link["href"] for link in page.select("a")] == [
        "/sub/site/en/index.html",
        "/sub/site/zh_CN/index.html",
    ]
    assert [part["lang"] for part in page.select("section")] == ["en", "zh-CN"]


def test_each_page_has_a_picture_in_its_language(published: Site) -> None:
    pictures = {}
    for language in ("en", "zh_CN"):
        for name in ("index", "double_backward/square"):
            page = published.page(language, name)
            address = page.select_one("meta[property='og:image']")["content"]
            picture = (published.root / "build/html" / address.removeprefix(f"{BASE}/")).read_bytes()
            assert picture.startswith(b"\x89PNG")
            assert struct.unpack(">II", picture[16:24]) == (1200, 630)
            pictures[language, name] = picture
    assert len(set(pictures.values())) == 3  # the example is not translated, so its two are equal


def test_without_an_address_pages_keep_quiet_about_it(real_site: Site) -> None:
    page = real_site.page("en", "index")
    assert page.select("link[rel=canonical], meta[property='og:url'], meta[property='og:image']") == []
    assert not (real_site.root / "build/html/sitemap.xml").exists()
    assert page.select_one("meta[name=description]")["content"].startswith("PyTorch trusts whatever numbers")


def test_the_landing_page_follows_the_saved_choice(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/en/index.html")
    page.click(".language-switch a[hreflang=zh-CN]")
    page.wait_for_url(f"{address}/zh_CN/index.html")
    page.goto(f"{address}/index.html")
    page.wait_for_url(f"{address}/zh_CN/index.html")
    context.close()
