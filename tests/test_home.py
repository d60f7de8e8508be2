"""The home page leads: what stands there, and where it leads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
from conftest import PROJECT, Site
from playwright.sync_api import Browser, Page

LANGUAGES = ("en", "zh_CN")
SHOWN = "double_backward/losing_intermediates"
DOORS = ["first_steps/index.html", "field_guide/lost_second_derivative.html", "field_guide/index.html#error-texts"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_graph_and_the_checks_are_those_of_the_page_it_names(real_site: Site, language: str) -> None:
    lead, page = real_site.page(language, "index").select_one(".lead"), real_site.page(language, SHOWN)
    (figure,) = lead.select("figure.autograd-graph")
    assert str(figure.svg) == str(page.select_one("figure.autograd-graph").svg)
    lines = lead.select(".gradient-checks li")
    assert [line["class"] for line in lines] == [["check", "passed"], ["check", "failed"]]
    for line in lines:
        address, _hash, anchor = line.a["href"].partition("#")
        target = page.find(id=anchor)
        assert address == f"{SHOWN}.html"
        assert target["class"] == line["class"]
        assert [code.get_text() for code in target.select("code")] == [code.get_text() for code in line.select("code")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_three_doors_lead_where_they_say(real_site: Site, language: str) -> None:
    doors = real_site.page(language, "index").select(".door")
    assert [door.h3.a["href"] for door in doors] == DOORS
    for door in doors:
        for link in door.select("a"):
            name, _hash, anchor = link["href"].partition("#")
            target = real_site.page(language, name.removesuffix(".html") or "index")
            assert not anchor or target.find(id=anchor), link["href"]
    # A link that is a page's title leads to that page.
    titled = doors[1].select("li a")[:2]
    for link in titled:
        assert link.get_text() == real_site.page(language, link["href"].removesuffix(".html")).h1.get_text().strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_large_box_is_the_form_at_the_top(real_site: Site, language: str) -> None:
    top, large = real_site.page(language, "index").select("form.site-search")
    assert large.find_parent(class_="door") is not None
    for form in (top, large):
        form.attrs.pop("aria-label"), form.input.attrs.pop("aria-label"), form.input.attrs.pop("placeholder")
    assert str(top) == str(large)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_navigation_groups_lessons_reference_and_the_site(real_site: Site, language: str) -> None:
    tree = real_site.page(language, "index").select_one(".sidebar-tree")
    groups = [
        [link["href"].removesuffix(".html") for link in group.select(":scope > li > a")]
        for group in tree.select(":scope > ul")
    ]
    captions = tree.select("p.caption")
    assert len(captions) == len(groups) == 3
    assert all(caption["role"] == "heading" and caption["aria-level"] == "2" for caption in captions)
    lessons, reference, about = groups
    assert lessons == [card["href"].removesuffix(".html") for card in real_site.page(language, "index").select(".page-card")]
    assert {PurePosixPath(lesson).parent.name for lesson in lessons} == {path.name for path in (PROJECT / "gallery").iterdir()}
    assert reference == ["functions", "checks", "on_a_gpu", "glossary"]
    assert about == ["contributing", "hosting", "script_forms", "use_elsewhere", "changes", "speed", "credits"]


def test_the_route_keeps_to_what_each_page_presupposes(real_site: Site) -> None:
    route = [item.a["href"] for item in real_site.page("en", "index").select("ol.route > li")]
    assert len(route) == len(set(route)) == 10
    for place, name in enumerate(route):
        page = real_site.page("en", name.removesuffix(".html"))
        presupposed = page.select_one(".downloads.top").find_previous_sibling("p")
        if not presupposed.get_text().startswith("Read "):
            continue
        # Only the first sentence says what has to be read before.
        first = str(presupposed).partition(" first.")[0]
        for other in route[place + 1 :]:
            assert PurePosixPath(other).name not in first, (name, other)


@pytest.mark.parametrize(("language", "place"), [("en", "page {} of 10"), ("zh_CN", "第{}页，共10页")])
def test_the_links_below_a_page_follow_the_route(real_site: Site, language: str, place: str) -> None:
    route = [item.a["href"] for item in real_site.page(language, "index").select("ol.route > li")]
    for number, name in enumerate(route):
        page = real_site.page(language, name.removesuffix(".html"))
        links = [posixpath.normpath(posixpath.join(posixpath.dirname(name), link["href"])) for link in page.select(".related-pages a")]
        following = route[number + 1] if number < 9 else "index.html#route"
        assert links[0] == following, name
        assert number == 0 or links[1] == route[number - 1], name
        assert page.select_one(".route-place").get_text().endswith(place.format(number + 1))
        assert [link["rel"] for link in page.select(".related-pages a")] == [["next"], ["prev"]]
    beside = real_site.page(language, "double_backward/backward_outside_autograd")
    assert not beside.select(".route-place")
    assert beside.select_one(".related-pages a")["href"] == "no_third_derivative.html"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_message_leads_from_the_large_box_to_its_page(page: Page, address: str, language: str) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/{language}/index.html")
    page.locator(".door .site-search input").click()
    page.keyboard.insert_text("Trying to backward through the graph a second time (or directly access saved tensors")
    results = page.locator(".search-results:visible a")
    results.first.wait_for()
    found = results.evaluate_all("links => links.slice(0, 3).map((link) => link.pathname)")
    assert f"/{language}/field_guide/freed_after_backward.html" in found
    assert complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_graph_stands_beside_the_text_where_there_is_room(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/en/index.html")
    text, graph = (page.locator(name).bounding_box() for name in (".lead-text", ".lead figure"))
    beside = graph["x"] >= text["x"] + text["width"] and graph["y"] < text["y"] + text["height"]
    below = graph["y"] >= text["y"] + text["height"]
    assert beside if width == 1280 else below
    assert graph["x"] + graph["width"] <= width


def test_without_javascript_the_door_offers_the_list_alone(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/en/index.html")
    assert not page.locator(".door .site-search").is_visible()
    page.locator(".door.wide").get_by_role("link", name="every error text").click()
    assert page.url == f"{address}/en/field_guide/index.html#error-texts"
    context.close()


def test_the_first_screen_of_a_laptop_shows_the_graph_whole(page: Page, address: str) -> None:
    page.goto(f"{address}/en/index.html")
    graph = page.locator(".lead figure svg").bounding_box()
    assert graph["y"] + graph["height"] < 900
