"""The table of Functions: its marks, where they lead, and its filter in a real browser."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup, Tag
from conftest import PROJECT, Site
from playwright.sync_api import Browser, Page, expect

from sitebuild.checks.record import CAPABILITIES, CheckRecord
from sitebuild.checks.trials import Trials
from sitebuild.reports.function_rows import FunctionRow, Mark

LANGUAGES = ("en", "zh_CN")
NAMES = [each.replace(" ", "-") for each in CAPABILITIES]
# What somebody may look for: field of the filter, and the states that pass.
CHOICES = [
    {"first-order": "passed", "second-order": "failed not-held"},
    {"second-order": "failed"},
    {"forward-mode": "passed"},
    {"compile": "not-held"},
    {"vmap": "passed", "opcheck": "passed"},
    {"first-order": "absent"},
]


def table_rows(page: BeautifulSoup) -> list[Tag]:
    """Rows of Functions, without those that name a page."""
    return page.select(".function-table tbody tr:not(.of-page)")


def states(row: Tag) -> dict[str, str]:
    """State of each mark by the name of its field in the filter."""
    return dict(zip(NAMES, (cell["class"][1] for cell in row.select("td.check")), strict=True))


def check(passed: bool, *capabilities: str) -> CheckRecord:
    return CheckRecord("gradcheck", 1, "Square", (), None, None, None, passed, "", 1, 0, capabilities)


def test_the_last_check_decides_and_else_the_trial() -> None:
    checks = [(2, check(False, "first order")), (5, check(True, "first order")), (6, check(False, "first order", "vmap"))]
    row = FunctionRow("chapter/page", "Square", checks, Trials({"compile": "not-held"}))
    assert row.mark("first order") == Mark("passed", 5, "gradcheck")
    assert row.mark("vmap") == Mark("failed", 6, "gradcheck")  # of a failure, only the last capability failed
    assert row.mark("compile") == Mark("not-held")


def test_the_table_says_what_each_function_can_do(real_site: Site) -> None:
    for language in LANGUAGES:
        found = {
            (row.a["href"].partition("#")[0], row.code.get_text()): list(states(row).values())
            for row in table_rows(real_site.page(language, "functions"))
        }
        assert found["double_backward/saving_inputs.html", "Square"] == ["passed", "passed", "absent", "absent", "passed", "absent"]
        assert found["field_guide/forward_mode.html", "OneTermMissing"] == ["passed", "passed", "failed", "passed", "not-held", "absent"]
        assert found["conv_bn_fusion/statistics_on_ctx.html", "StatisticsOnCtx"][:2] == ["passed", "failed"]


def is_refused(definition: ast.ClassDef) -> bool:
    """Whether a Function is written in the old style, which cannot be applied: methods that are not static."""
    methods = [node for node in definition.body if isinstance(node, ast.FunctionDef) and node.name == "forward"]
    return any(not method.decorator_list for method in methods)


def test_every_function_of_the_examples_is_in_the_table(real_site: Site) -> None:
    defined, refused = set(), set()
    for script in (PROJECT / "gallery").glob("*/*.py"):
        own = {"torch.autograd.Function"}
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and own.intersection(map(ast.unparse, node.bases)):
                own.add(node.name)
                refused |= {node.name} if is_refused(node) else set()
        defined |= own - {"torch.autograd.Function"}
    names = real_site.page("en", "functions").select(".function-table tbody th code")
    assert refused == {"ScaleOldStyle"}
    in_other_processes = {"SumOverProcesses"}  # no observer sees them
    assert defined - {name.get_text() for name in names} == refused | in_other_processes


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_mark_leads_to_its_check(real_site: Site, language: str) -> None:
    page = real_site.page(language, "functions")
    pages: dict[str, BeautifulSoup] = {}
    kinds = set()
    for row in table_rows(page):
        for name, cell in zip(CAPABILITIES, row.select("td.check"), strict=True):
            address, _hash, anchor = cell.a["href"].partition("#")
            _check, state, kind = cell["class"]
            kinds.add((state, kind))
            if kind == "tried":
                assert not address and page.find(id=anchor)
                continue
            pages.setdefault(address, real_site.page(language, address.removesuffix(".html")))
            target = pages[address].find("li", id=anchor)
            assert state in target["class"], cell
            checked = [code.get_text() for code in target.select("code")]
            assert checked[1] == row.code.get_text(), (name, cell)
            assert checked[0] in cell.a["title"], cell
    assert kinds == {
        *(("passed", kind) for kind in ("checked", "tried")),
        ("failed", "checked"),
        ("not-held", "tried"),
        ("absent", "tried"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_are_grouped_by_chapter_and_page(real_site: Site, language: str) -> None:
    chapters = []
    for table in real_site.page(language, "functions").select(".function-table"):
        chapter, _slash, index = table.caption.a["href"].partition("/")
        assert index == "index.html"
        chapters.append(chapter)
        for group in table.select("tbody"):
            page = group.select_one("tr.of-page a")["href"]
            assert page.startswith(f"{chapter}/")
            rows = group.select("tr:not(.of-page)")
            assert rows
            assert {row.a["href"].partition("#")[0] for row in rows} == {page}
    cards = real_site.page(language, "index").select(".page-card")
    assert chapters == [card["href"].partition("/")[0] for card in cards if card["href"].partition("/")[0] in chapters]


def test_the_marks_are_the_same_in_both_languages(real_site: Site) -> None:
    found = [[states(row) for row in table_rows(real_site.page(language, "functions"))] for language in LANGUAGES]
    assert found[0] == found[1]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def shown(page: Page) -> list[str]:
    """Where the rows lead that a reader sees."""
    rows = page.locator(".function-table tbody tr:not(.of-page):visible th a")
    return rows.evaluate_all("links => links.map((link) => link.getAttribute('href') + ' ' + link.textContent)")


def expected(real_site: Site, choice: dict[str, str]) -> list[str]:
    """Where those rows lead that hold what was chosen."""
    return [
        f"{row.a['href']} {row.a.get_text()}"
        for row in table_rows(real_site.page("en", "functions"))
        if all(states(row)[name] in value.split() for name, value in choice.items())
    ]


@pytest.mark.parametrize("choice", CHOICES, ids=urlencode)
def test_the_filter_shows_exactly_what_was_chosen(page: Page, address: str, real_site: Site, choice: dict[str, str]) -> None:
    page.goto(f"{address}/en/functions.html")
    total = len(shown(page))
    for name, value in choice.items():
        page.get_by_role("combobox", name=name.replace("-", " "), exact=True).select_option(value)
    matching = expected(real_site, choice)
    assert shown(page) == matching
    assert len(matching) < total
    assert page.locator(".function-filter output").inner_text() == f"{len(matching)} of {total} shown"
    assert all(group.locator("tr:not(.of-page):visible").count() for group in page.locator("tbody:visible").all())
    # The address holds the choice: another reader sees the same.
    assert page.url == f"{address}/en/functions.html#{urlencode(choice)}"
    other = page.context.new_page()
    other.goto(page.url)
    assert shown(other) == matching
    page.get_by_role("button", name="Show all rows").click()
    expect(page.locator(".function-table tr[hidden]")).to_have_count(0)
    assert len(shown(page)) == total
    assert [page.locator(f"select[name={name}]").input_value() for name in NAMES] == [""] * len(NAMES)


def test_an_address_with_something_unknown_shows_all(page: Page, address: str) -> None:
    page.goto(f"{address}/en/functions.html")
    total = len(shown(page))
    for address_end in ("#first-order=perhaps", "#trials", "#third-order=passed"):
        page.goto(f"{address}/en/functions.html{address_end}")
        assert len(shown(page)) == total, address_end


def test_the_way_to_the_trials_keeps_the_choice(page: Page, address: str, real_site: Site) -> None:
    page.goto(f"{address}/en/functions.html#second-order=failed")
    page.locator("td.tried a:visible").first.click()
    assert page.url.endswith("#trials")
    assert shown(page) == expected(real_site, {"second-order": "failed"})


def test_a_change_is_announced_in_the_language_of_the_page(page: Page, address: str) -> None:
    page.goto(f"{address}/zh_CN/functions.html")
    status = page.get_by_role("status")  # an <output> is one
    assert status.last.get_attribute("aria-live") == "polite"
    page.get_by_label("二阶").focus()
    page.keyboard.press("ArrowDown")
    count = len(shown(page))
    assert f"显示{count}项" in page.locator(".function-filter output").inner_text()


def test_without_javascript_everything_is_shown_and_nothing_offered(browser: Browser, address: str, real_site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/en/functions.html#second-order=failed")
    assert page.locator(".function-table tbody tr:not(.of-page):visible").count() == len(expected(real_site, {}))
    assert not page.locator(".function-filter").is_visible()
    context.close()


def test_marks_are_big_enough_for_a_finger(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/en/functions.html")
    sizes = page.locator(".function-table td a").evaluate_all(
        "links => links.map((link) => { const box = link.getBoundingClientRect(); return Math.min(box.width, box.height); })"
    )
    assert min(sizes) >= 24


@pytest.mark.parametrize("width", [390, 1280])
def test_the_heads_stay_in_view(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{address}/en/functions.html")
    table = page.locator(".function-table").last
    table.locator("tbody tr").nth(30).evaluate("row => row.scrollIntoView({ block: 'center', behavior: 'instant' })")
    assert 0 <= table.locator("thead th").last.bounding_box()["y"] < 100


def test_paper_shows_the_table_without_the_filter(page: Page, address: str) -> None:
    page.goto(f"{address}/en/functions.html")
    page.emulate_media(media="print")
    assert not page.locator(".function-filter").is_visible()
    assert page.locator(".function-table").first.is_visible()
