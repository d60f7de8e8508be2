"""A reader searches in a real browser, and the page that answers is among the first."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT, Site
from playwright.sync_api import Browser, Page

from sitebuild.search.page_text import describe_pages, read_page
from sitebuild.search.words import SearchWordsError, read_words

sys.path.insert(0, str(PROJECT / "benchmarks" / "recall"))
import recall

LANGUAGES = ("en", "zh_CN")
GOAL = 0.95

QUERIES = [
    ("zh_CN", "计算图", "first_steps/backward_graph.html"),
    ("zh_CN", "二阶导数", "field_guide/three_cures.html"),
    ("zh_CN", "自定义函数", "double_backward/"),
    ("zh_CN", "保存中间结果", "double_backward/saving_intermediates.html"),
    ("zh_CN", "批量归一化", "conv_bn_fusion/batch_norm_backward.html"),
    ("zh_CN", "卷积", "conv_bn_fusion/convolution_backward.html"),
    ("zh_CN", "梯度检查", "field_guide/gradcheck_says_no.html"),
    ("zh_CN", "显存", "conv_bn_fusion/peak_and_time.html"),
    ("zh_CN", "gradcheck", "field_guide/gradcheck_says_no.html"),
    ("zh_CN", "gradcheck 失败", "field_guide/gradcheck_says_no.html"),
    ("zh_CN", "GuardedConv2d has no second derivative", "conv_bn_fusion/no_second_derivative.html"),
    ("zh_CN", "batchnorm 反向传播推导", "conv_bn_fusion/batch_norm_backward.html"),
    ("zh_CN", "内存泄漏", "field_guide/tensors_on_ctx.html"),
    ("zh_CN", "自定义算子", "field_guide/custom_op.html"),
    ("zh_CN", "视图 就地修改", "field_guide/in_place.html"),
    ("zh_CN", "Can't call numpy() on Tensor that requires grad", "field_guide/outside_pytorch.html"),
    ("en", "batch norm", "conv_bn_fusion/batch_norm_backward.html"),
    ("en", "peak memory", "conv_bn_fusion/peak_and_time.html"),
    ("en", "memory leak", "field_guide/tensors_on_ctx.html"),
    ("en", "element 0 of tensors does not require grad and does not have a grad_fn", "field_guide/zero_or_lost.html"),
    ("en", "Output 0 of MyOp is a view and is being modified inplace", "field_guide/in_place.html"),
    ("en", "save_for_backward can only save variables, but argument 1 is of type list", "field_guide/ctx_or_save_for_backward.html"),
    ("zh_CN", "自动微分", "first_steps/backward_graph.html"),
    ("en", "grad_output is not contiguous in backward, kernel gives wrong gradient", "field_guide/not_contiguous.html"),
    ("en", "forward returns a view of its input and it is later changed in place", "field_guide/in_place.html"),
    ("en", "how to support double backward for custom CUDA extension", "field_guide/c_kernel.html"),
    ("en", "complex gradient conjugate custom Function", "field_guide/gradcheck_says_yes.html"),
]

# Somebody else's errors: other names, numbers and shapes than on the pages.
ERRORS = [
    ("Output 0 of MyOp is a view and is being modified inplace", "field_guide/in_place.html"),
    (
        "Function MyFunctionBackward returned an invalid gradient at index 5 - got [231550, 2] but expected shape "
        "compatible with [231550, 3]",
        "field_guide/gradcheck_is_right.html",
    ),
    (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[torch.FloatTensor [16, 64]]",
        "field_guide/ctx_or_save_for_backward.html",
    ),
    (
        "save_for_backward can only save variables, but argument 1 is of type list",
        "field_guide/ctx_or_save_for_backward.html",
    ),
    (
        "trying to differentiate twice a function that was marked with @once_differentiable",
        "field_guide/once_differentiable.html",
    ),
    (
        "torch.compile with aot_autograd does not currently support double backward",
        "field_guide/torch_compile_twice.html",
    ),
    (
        "Trying to backward through the graph a second time (or directly access saved tensors",
        "field_guide/freed_after_backward.html",
    ),
]
TRACEBACK = "Traceback (most recent call last):\n" + "".join(
    f'  File "/home/ada/project/part_{number}.py", line {7 * number}, in step_{number}\n'
    f"    loss = self.training_step_{number}(batch, gradients)\n"
    for number in range(14)
)

# A search that is loaded where the pages of the language are, and asked for three results.
ASK = "async ([engine, query]) => (await import(engine)).search(query, 3)"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def type_query(page: Page, query: str) -> None:
    """Type into the first box and wait for the results of the last letter."""
    page.keyboard.press("/")
    page.keyboard.type(query)
    page.wait_for_selector(".search-results a")
    page.wait_for_timeout(500)


@pytest.mark.parametrize(("language", "query", "expected"), QUERIES)
def test_a_query_finds_its_page_among_the_first_three(
    page: Page, address: str, language: str, query: str, expected: str
) -> None:
    page.goto(f"{address}/{language}/index.html")
    results = page.evaluate(ASK, [f"{address}/{language}/_static/search/engine.js", query])
    assert any(f"/{language}/{expected}" in result["url"] for result in results), results


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_of_somebody_else_finds_its_page_first(page: Page, address: str, language: str) -> None:
    page.goto(f"{address}/{language}/index.html")
    for text, expected in ERRORS:
        for query in (text, f"{TRACEBACK}RuntimeError: {text}", f"{TRACEBACK}RuntimeError: {text}".replace("\n", " ")):
            results = page.evaluate(ASK, [f"{address}/{language}/_static/search/engine.js", query])
            assert f"/{language}/{expected}" in results[0]["url"], (query, results)
            assert not results[0]["weak"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_test_set_reaches_the_goal_and_the_published_numbers_are_right(
    page: Page, address: str, language: str
) -> None:
    answers = recall.ask(page, address, language)
    assert len(answers) >= 120
    wrong = [(answer.text, answer.found) for answer in answers if not answer.is_right(3)]
    assert len(wrong) <= (1 - GOAL) * len(answers), wrong
    published = json.loads((PROJECT / "docs" / "search_recall.json").read_text(encoding="utf-8"))
    assert recall.summarise(answers, language) == published["languages"][language], "run make recall"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_queries_name_pages_that_exist_and_none_twice(real_site: Site, language: str) -> None:
    queries = recall.read_queries(language)
    assert len({query["text"] for query in queries}) == len(queries)
    groups = [query["written"] for query in queries]
    assert set(groups) == set(recall.GROUPS)
    assert min(groups.count("before"), groups.count("after")) >= 60
    assert min(map(groups.count, recall.GROUPS)) >= 30
    assert len(groups) - groups.count("before") >= 120
    for query in queries:
        for name in query["pages"]:
            assert (real_site.root / "build/html" / language / f"{name}.html").exists(), name


def test_the_page_of_checks_shows_the_recall(real_site: Site) -> None:
    found = json.loads((PROJECT / "docs" / "search_recall.json").read_text(encoding="utf-8"))
    rows = [
        [cell.get_text() for cell in row.select("th, td")]
        for row in real_site.page("en", "checks").select(".recall-table tbody tr")
    ]
    for row, (language, numbers) in zip(
        rows,
        [("English", each) for each in found["languages"]["en"].values()]
        + [("简体中文", each) for each in found["languages"]["zh_CN"].values()],
        strict=True,
    ):
        percent = 100 * numbers["three"] // numbers["queries"]
        assert row[0] == language and row[2] == str(numbers["queries"])
        assert row[4] == f"{numbers['three']} ({percent} %)"


def test_what_is_typed_is_found(page: Page, address: str) -> None:
    page.goto(f"{address}/en/field_guide/index.html")
    type_query(page, "returned an invalid gradient at index 5 - got [231550, 2] but expected")
    first = page.eval_on_selector(".search-results a", "link => link.pathname")
    assert first == "/en/field_guide/gradcheck_is_right.html"
    assert page.inner_text(".search-status") == ""


def test_results_are_reached_and_opened_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/zh_CN/conv_bn_fusion/training.html")
    type_query(page, "批量归一化的反向")
    assert "批量归一化" in page.inner_text(".search-results a .search-title")
    assert "批量归一化" in page.inner_text(".search-results a .search-passage")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/batch_norm_backward.html*")


def test_a_result_leads_to_a_section_that_exists(page: Page, address: str, real_site: Site) -> None:
    page.goto(f"{address}/en/index.html")
    for query in ("kink", "fast mode", "donated buffers", "once_differentiable"):
        results = page.evaluate(ASK, [f"{address}/en/_static/search/engine.js", query])
        for result in results:
            name, _, anchor = result["url"].removeprefix(f"{address}/en/").partition("#")
            found = real_site.page("en", name.removesuffix(".html"))
            assert not anchor or found.find(id=anchor), result["url"]
            assert any(marked for _text, marked in result["passage"]), result


@pytest.mark.parametrize(
    ("language", "nothing", "guide"), [("en", "Nothing was found.", "Look it up by symptom"), ("zh_CN", "没有找到", "按现象查找")]
)
def test_an_unknown_word_is_said_to_be_unknown_with_a_way_on(
    page: Page, address: str, language: str, nothing: str, guide: str
) -> None:
    page.goto(f"{address}/{language}/double_backward/saving_inputs.html")
    page.fill(".site-search input", "zqxwv")
    page.wait_for_selector(".search-status:not(:empty)")
    assert page.inner_text(".search-status").startswith(nothing)
    links = page.query_selector_all(".search-results a")
    assert [link.inner_text() for link in links] == [guide]
    links[0].click()
    page.wait_for_url(f"**/{language}/field_guide/index.html#by-symptom")
    assert page.query_selector("#by-symptom")


@pytest.mark.parametrize(("language", "weak"), [("en", "weak match"), ("zh_CN", "相关度低")])
def test_a_weak_match_is_marked(page: Page, address: str, language: str, weak: str) -> None:
    page.goto(f"{address}/{language}/index.html")
    page.fill(".site-search input", "zqxwv vwxqz gradcheck")
    page.wait_for_selector(".search-weak")
    assert page.inner_text(".search-weak") == weak
    assert page.inner_text(".search-status") != ""
    page.fill(".site-search input", "gradcheck")
    page.wait_for_selector(".search-results a")
    page.wait_for_timeout(400)
    assert not page.query_selector(".search-results li:first-child .search-weak")
    assert page.inner_text(".search-status") == ""


def test_escape_closes(page: Page, address: str) -> None:
    page.goto(f"{address}/en/index.html")
    page.fill(".site-search input", "backward")
    page.wait_for_selector(".search-results a")
    page.keyboard.press("Escape")
    assert page.is_hidden(".search-results")


def test_nothing_of_the_search_is_loaded_before_somebody_searches(page: Page, address: str) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{address}/zh_CN/index.html", wait_until="networkidle")
    assert not any("search" in url for url in requested)
    assert len(requested) <= 10
    with page.expect_request(f"{address}/zh_CN/search.json"):
        page.focus(".site-search input")
    page.wait_for_timeout(500)
    assert not any("/en/" in url for url in requested)


def test_a_search_that_cannot_be_loaded_is_told(page: Page, address: str) -> None:
    page.route("**/search.json", lambda route: route.abort())
    page.goto(f"{address}/en/index.html")
    page.fill(".site-search input", "backward")
    page.wait_for_selector(".search-status:not(:empty)")
    assert page.inner_text(".search-status") == "The search could not be loaded."


def test_a_page_may_have_several_boxes(page: Page, address: str) -> None:
    page.goto(f"{address}/en/index.html")  # the home page has two
    boxes = page.query_selector_all(".site-search input")
    assert len(boxes) == 2
    boxes[1].fill("gradcheck")
    page.wait_for_selector(".search-results a")
    filled = page.eval_on_selector_all(".site-search", "forms => forms.map(form => form.querySelectorAll('a').length)")
    assert filled[0] == 0 and filled[1] > 0


def test_the_data_are_small_and_free_of_measured_output(real_site: Site) -> None:
    for language in LANGUAGES:
        path = real_site.root / "build/html" / language / "search.json"
        text = json.loads(path.read_text(encoding="utf-8"))["pages"]
        assert path.stat().st_size < 3_500 * len(text)  # it grows with the site, and no faster
        measured = real_site.page(language, "conv_bn_fusion/peak_and_time").select(".measured")
        assert measured and all(each.get_text(strip=True)[:60] not in str(text) for each in measured)


def test_a_page_is_read_by_sections() -> None:
    page = read_page(
        "<p>before</p><div data-search-body><section id='a'><h1>Title<a class='headerlink'>¶</a></h1><p>In<b>tro</b></p>"
        "<p>more<img> text</p><ul data-search-ignore><li>not this</li></ul><svg><text>nor this</text></svg>"
        "<section id='b'><h2>Part</h2><div class='highlight-Python'><pre>import torch.save_it  <span class='c1'># why</span></pre></div></section></section></div>after"
    )
    assert [section.as_dict() for section in page.sections] == [
        {"id": "a", "title": "Title", "text": "Intro more text", "code": ""},
        {"id": "b", "title": "Part", "text": "# why", "code": "save_it"},
    ]


def test_a_name_in_code_is_kept_once_and_not_if_the_prose_has_it() -> None:
    page = read_page(
        "<div data-search-body><section id='a'><h1>A</h1><p>Why grad_x?</p>"
        "<div class='highlight-Python'><pre>save_it(grad_x, save_it)</pre></div></section></div>"
    )
    assert [section.as_dict()["code"] for section in page.sections] == ["save_it"]


def test_an_item_that_ends_in_links_describes_their_pages() -> None:
    link = "<a class='reference internal' href='{}'>{}</a>"
    index = read_page(
        "<div data-search-body><section id='a'><h1>Index</h1><ul><li><p>It leaks: "
        + link.format("leak.html", "Leaks")
        + ", "
        + link.format("../other/x.html#part", "X")
        + "》</p></li><li><p>See "
        + link.format("leak.html", "Leaks")
        + " first.</p></li></ul></section></div>"
    )
    empty = read_page("")
    said = describe_pages({"guide/index": index, "guide/leak": empty, "other/x": empty})
    assert said == {"guide/index": [], "guide/leak": ["It leaks"], "other/x": ["It leaks"]}
    assert index.sections[0].as_dict()["text"] == "See first."


def test_the_file_of_words_is_read_and_faults_are_told(tmp_path: Path) -> None:
    assert read_words(tmp_path, "de") == {"ignored": [], "same": []}
    (tmp_path / "de.toml").write_text('ignored = ["der"]\nsame = [["Speicher", "RAM"]]\n', encoding="utf-8")
    assert read_words(tmp_path, "de") == {"ignored": ["der"], "same": [["Speicher", "RAM"]]}
    for wrong in ('same = [["allein"]]', 'gleich = [["a", "b"]]', "same = ["):
        (tmp_path / "de.toml").write_text(wrong, encoding="utf-8")
        with pytest.raises(SearchWordsError, match="docs/_search/de.toml"):
            read_words(tmp_path, "de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_stands_in_one_group_only(language: str) -> None:
    groups = read_words(PROJECT / "docs" / "_search", language)["same"]
    words = [word.casefold() for group in groups for word in group]
    assert sorted(words) == sorted(set(words))


def test_nothing_is_lost_behind_a_picture() -> None:
    page = read_page(
        '<div data-search-body><section id="a"><h1>A</h1><svg><path d="M0"/><g><rect/></g></svg><p>Behind.</p></section>'
        '<section id="b"><h2>B</h2><br/><p>Below.</p></section></div>'
    )
    assert [section.as_dict()["text"] for section in page.sections] == ["Behind.", "Below."]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_all_sections_of_all_pages_can_be_found(real_site: Site, language: str) -> None:
    for path in (real_site.root / "build/html" / language).rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert len(read_page(html).sections) == html.count("<section"), path
