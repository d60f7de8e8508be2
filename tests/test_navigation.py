"""The list of pages that is marked for each page is the one that the theme makes for it."""

from __future__ import annotations

import pytest
from conftest import Site
from furo.navigation import get_navigation_tree

from sitebuild.site.navigation import PageList

LINKS = {
    "a/index": "First &amp; <code>last</code>",
    "a/one": "One",
    "a/two": "Two &gt; one",
    "index": "Home",
    "b": "B “b”",
}


def toctree(page: str | None) -> str:
    """What Sphinx writes for ``page``, or for a page that is in no list: two levels, and a list of single pages."""

    def link(name: str, level: int, below: str = "", within: str = "") -> str:
        here = " current" if page and page in (name, within) else ""
        start = 'class="current reference internal" href="#"' if page == name else f'class="reference internal" href="{name}.html"'
        return f'<li class="toctree-l{level}{here}"><a {start}>{LINKS[name]}</a>{below}</li>\n'

    def pages(*items: str) -> str:
        current = ' class="current"' if any("current" in item for item in items) else ""
        return f"<ul{current}>\n{''.join(items)}</ul>\n"

    below = pages(link("a/one", 2), link("a/two", 2))
    inside = page if page in ("a/one", "a/two") else ""
    return pages(link("a/index", 1, below, inside)) + pages(link("index", 1), link("b", 1))


@pytest.mark.parametrize("page", [*LINKS, "elsewhere"])
def test_a_marked_list_is_that_of_the_theme(page: str) -> None:
    unmarked = PageList(get_navigation_tree(toctree(None)))
    assert unmarked.marked(f"{page}.html") == get_navigation_tree(toctree(page))


def test_a_page_that_stands_in_the_list_twice_is_left_to_the_theme() -> None:
    assert PageList(get_navigation_tree(toctree(None).replace("b.html", "index.html"))).marked("index.html") is None


def test_each_page_of_a_site_shows_where_it_stands(small_site: Site) -> None:
    small_site.write("docs/other.rst", "Other\n=====\n\nText.\n")
    small_site.write("docs/lone.rst", ":orphan:\n\nLone\n====\n\nText.\n")
    # The example stands in the list twice: below its chapter, and by itself.
    small_site.edit("docs/index.rst", "   double_backward/index\n", "   double_backward/index\n   other\n   double_backward/square\n")
    result = small_site.build()
    assert result.returncode == 0, result.stderr
    current = {
        name: [link["href"] for link in small_site.page("en", name).select(".sidebar-tree .current > a")]
        for name in ("index", "other", "lone", "double_backward/index", "double_backward/square")
    }
    assert current["index"] == current["lone"] == []
    assert current["other"] == current["double_backward/index"] == ["#"]
    assert current["double_backward/square"] == ["index.html", "#", "#"]
    assert small_site.page("en", "other").select_one(".sidebar-tree .current-page > a").get_text() == "Other"
