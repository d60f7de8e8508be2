"""A reader searches in a real browser, and the page that answers is among the first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Site
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from sitebuild.site import search_index

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)

QUERIES = [
    ("zh_CN", "计算图", "double_backward/"),
    ("zh_CN", "二阶导数", "field_guide/lost_second_derivative.html"),
    ("zh_CN", "自定义函数", "double_backward/"),
    ("zh_CN", "保存中间结果", "double_backward/saving_intermediates.html"),
    ("zh_CN", "批量归一化", "conv_bn_fusion/batch_norm_backward.html"),
    ("zh_CN", "卷积", "conv_bn_fusion/convolution_backward.html"),
    ("zh_CN", "梯度检查", "checks.html"),
    ("zh_CN", "显存", "conv_bn_fusion/memory_kept.html"),
    ("zh_CN", "gradcheck", "field_guide/gradcheck_says_no.html"),
    ("zh_CN", "gradcheck 失败", "field_guide/gradcheck_says_no.html"),
    ("zh_CN", "GuardedConv2d has no second derivative", "conv_bn_fusion/no_second_derivative.html"),
    ("en", "batch norm", "conv_bn_fusion/batch_norm_backward.html"),
    ("en", "peak memory", "conv_bn_fusion/peak_and_time.html"),
    (
        "en",
        "element 0 of tensors does not require grad and does not have a grad_fn",
        "field_guide/zero_or_lost.html",
    ),
    (
        "en",
        "Trying to backward through the graph a second time (or directly access saved tensors",
        "field_guide/freed_after_backward.html",
    ),
    (
        "zh_CN",
        "torch.compile with aot_autograd does not currently support double backward",
        "field_guide/torch_compile_twice.html",
    ),
    ("zh_CN", "Can't call numpy() on Tensor that requires grad", "field_guide/outside_pytorch.html"),
    (
        "en",
        "trying to differentiate twice a function that was marked with @once_differentiable",
        "conv_bn_fusion/no_second_derivative.html",
    ),
]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("language", "query", "expected"), QUERIES)
def test_a_query_finds_its_page_among_the_first_three(
    page: Page,
    address: str,
    language: str,
    query: str,
    expected: str,
) -> None:
    page.goto(f"{address}/{language}/index.html")
    page.keyboard.press("/")
    page.keyboard.type(query)
    page.wait_for_selector(".search-results a")
    page.wait_for_timeout(500)  # the results of the last letter
    first = page.eval_on_selector_all(
        ".search-results a", "links => links.slice(0, 3).map(link => link.pathname)"
    )
    assert f"/{language}/{expected}" in first


def test_results_are_reached_and_opened_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/zh_CN/conv_bn_fusion/training.html")
    page.keyboard.press("/")
    page.keyboard.type("批量归一化的反向")
    page.wait_for_selector(".search-results a")
    title = page.inner_text(".search-results a .search-title")
    passage = page.inner_text(".search-results a .search-passage")
    assert "批量归一化" in title
    assert "批量归一化" in passage  # the spaces of the index are gone
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/batch_norm_backward.html*")


def test_escape_closes_and_an_unknown_word_is_said_to_be_unknown(page: Page, address: str) -> None:
    page.goto(f"{address}/en/index.html")
    page.fill(".site-search input", "backward")
    page.wait_for_selector(".search-results a")
    page.keyboard.press("Escape")
    assert page.is_hidden(".search-results")
    page.fill(".site-search input", "данные")
    page.wait_for_selector(".search-status:not(:empty)")
    assert page.inner_text(".search-status") == "Nothing was found."


def test_no_index_is_loaded_before_somebody_searches(page: Page, address: str) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{address}/zh_CN/index.html", wait_until="networkidle")
    assert not any("pagefind" in url for url in requested)
    assert len(requested) <= 10


def test_the_published_site_holds_one_index(real_site: Site) -> None:
    names = {path.name.partition(".")[0] for path in (real_site.root / "build/html/pagefind").glob("*.js")}
    assert names == {"pagefind", "pagefind-worker"}


@given(st.text(HAN, min_size=1), st.text(HAN, min_size=1))
def test_separating_changes_text_only_and_can_be_undone(first: str, second: str) -> None:
    page = f'<p title="{first}">{first}<b>{second}</b></p>'
    separated = search_index.separate_han(page)
    assert f'title="{first}"' in separated
    assert separated.replace(" ", "") == page.replace(" ", "")
    assert separated.count(" ") == 1 + len(first) - 1 + len(second) - 1
