"""The pages of the real site, as they were built."""

from __future__ import annotations

import copy
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlparse

import pytest
import sphobjinv
from bs4 import BeautifulSoup
from conftest import PROJECT, Site, parse

from sitebuild.checks.expectations import read_expectations
from sitebuild.checks.record import records_of_chapter

LANGUAGES = ("en", "zh_CN")
SECTIONS = [
    "saving_inputs",
    "saving_outputs",
    "saving_intermediates",
    "losing_intermediates",
    "backward_outside_autograd",
]


def pages(site: Site) -> list[tuple[str, Path, BeautifulSoup]]:
    folder = site.root / "build/html"
    return [
        (language, path, parse(path))
        for language in LANGUAGES
        for path in sorted((folder / language).rglob("*.html"))
    ]


def test_both_languages_have_the_same_pages(real_site: Site) -> None:
    names = [
        {path.relative_to(real_site.root / "build/html" / language) for lang, path, _ in pages(real_site) if lang == language}
        for language in LANGUAGES
    ]
    assert names[0] == names[1]
    assert {Path(f"double_backward/{section}.html") for section in SECTIONS} <= names[0]


def test_no_page_loads_anything_from_another_host(real_site: Site) -> None:
    for _language, path, page in pages(real_site):
        for element in page.select("script[src], img[src], iframe[src], source[src], link[href]"):
            address = element.get("src") or element.get("href")
            assert not urlparse(address).netloc, (path, address)
    for style in (real_site.root / "build/html").rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", style.read_text(encoding="utf-8")), style


def test_every_local_link_leads_somewhere(real_site: Site) -> None:
    ids = {path: {element["id"] for element in page.select("[id]")} for _l, path, page in pages(real_site)}
    for _language, path, page in pages(real_site):
        for link in page.select("a[href], link[href], script[src]"):
            address = urlparse(link.get("href") or link.get("src"))
            if address.scheme or address.netloc:
                continue
            target = (path.parent / address.path).resolve() if address.path else path
            assert target.is_file(), (path, address.path)
            if address.fragment and target in ids:
                assert address.fragment in ids[target], (path, address.geturl())


def test_ids_are_unique(real_site: Site) -> None:
    for _language, path, page in pages(real_site):
        repeated = [name for name, count in Counter(e["id"] for e in page.select("[id]")).items() if count > 1]
        assert repeated == [], path


def test_the_switch_stays_on_the_page(real_site: Site) -> None:
    for language, path, page in pages(real_site):
        links = page.select(".language-switch a")
        assert [link["hreflang"] for link in links] == ["en", "zh-CN"]
        current = page.select_one(".language-switch a[aria-current]")
        assert current["hreflang"] == language.replace("_", "-") == page.html["lang"]
        for link in links:
            assert (path.parent / link["href"]).resolve().name == path.name


@pytest.mark.parametrize("script", sorted((PROJECT / "gallery").glob("*/*.py")), ids=lambda path: path.stem)
def test_outputs_and_checks_are_the_same_in_both_languages(real_site: Site, script: Path) -> None:
    both = [real_site.page(language, f"{script.parent.name}/{script.stem}") for language in LANGUAGES]
    printed, checked = (
        [[element.get_text() for element in page.select(selector)] for page in both]
        for selector in (".sphx-glr-script-out pre", ".gradient-checks code")
    )
    assert printed[0] == printed[1]
    assert bool(printed[0]) == ("print(" in script.read_text(encoding="utf-8"))
    records = records_of_chapter(PROJECT / "docs" / script.parent.name).get(script.stem, [])
    assert checked[0] == checked[1] == [text for record in records for text in (record.check, record.function)]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_graph_is_the_same_and_shows_what_is_named(real_site: Site, section: str) -> None:
    english, chinese = (real_site.page(language, f"double_backward/{section}") for language in LANGUAGES)
    texts = [[text.get_text() for text in page.select(".autograd-graph text")] for page in (english, chinese)]
    assert texts[0] == texts[1] != []
    for page in (english, chinese):
        named = {element["data-name"] for element in page.select(".autograd-graph .node")}
        assert {"grad_x", "x", "out"} <= named
        description = page.select_one(".autograd-graph desc").get_text()
        assert "→ grad_x" in description


def test_the_fused_function_keeps_its_inputs_alone(real_site: Site) -> None:
    (graph,) = real_site.page("en", "conv_bn_fusion/fused_function").select(".autograd-graph")
    names = {node["data-node"]: node["data-name"] for node in graph.select(".node")}
    kept: dict[str, set[str]] = {}
    for edge in graph.select(".edge.kept"):
        kept.setdefault(names[edge["data-head"]], set()).add(names[edge["data-tail"]])
    assert kept == {
        "FusedConvBNBackward": {"inputs", "weight"},
        "ConvolutionBackward": {"inputs", "weight"},
        "BatchNormBackward": {"(2, 4, 3, 3)"},
    }


def test_the_lost_derivative_has_no_way_to_x(real_site: Site) -> None:
    page = real_site.page("en", "double_backward/losing_intermediates")
    names = {node["data-node"]: node["data-name"] for node in page.select(".autograd-graph .node")}
    before: dict[str, set[str]] = {}
    for edge in page.select(".autograd-graph .edge"):
        before.setdefault(names[edge["data-head"]], set()).add(names[edge["data-tail"]])
    reached, waiting = set(), ["grad_x"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += before.get(name, ())
    assert "grad_output" in reached
    assert not {"x", "CloneBackward0", "SinhOnCtxBackward"} & reached


def test_the_wrong_number_stands_beside_the_right_one(real_site: Site) -> None:
    for language in LANGUAGES:
        text = real_site.page(language, "double_backward/losing_intermediates").get_text()
        assert "SinhOnCtx   4.7622" in text and "torch.sinh  7.5244" in text
        assert "RuntimeError: element 0 of tensors does not require grad" in text


def test_the_table_lists_every_recorded_check(real_site: Site) -> None:
    for language, failed in zip(LANGUAGES, ("fails, as it should", "按预期失败"), strict=True):
        rows = real_site.page(language, "checks").select(".check-table.of-site tbody tr:not(.of-page)")
        lines = sum(len(page.select(".gradient-checks li[id]")) for lang, _p, page in pages(real_site) if lang == language)
        assert len(rows) == lines > 0
        wrong = [row.select("td") for row in rows if failed in row.get_text()]
        named = {(cells[0].get_text(), cells[1].get_text()) for cells in wrong}
        assert named == {
            (entry.function, entry.check)
            for chapter in (PROJECT / "gallery").iterdir()
            for entry in read_expectations(chapter)
        }


def test_no_english_sentence_is_left_on_a_chinese_page(real_site: Site) -> None:
    for language, path, page in pages(real_site):
        if language != "zh_CN":
            continue
        page = copy.copy(page)
        for element in page.select("code, pre, math, svg text, a.reference.external, script, style, [lang=en]"):
            element.decompose()
        for element in page.find_all(string=re.compile(r"(?:[A-Za-z]+[ ,.]+){4}")):
            assert "→" in element, (path, element)
        for element in page.select("[aria-label], [title], [alt]"):
            label = element.get("aria-label") or element.get("title") or element.get("alt")
            assert re.search(r"[\u4e00-\u9fff]", label), (path, label)


def test_no_markup_is_left_in_the_text(real_site: Site) -> None:
    for _language, path, page in pages(real_site):
        page = copy.copy(page)
        for element in page.select("pre, script, style"):
            element.decompose()
        assert not re.search(r"``|:(?:doc|func|math|ref|class|meth):|\*\*", page.article.get_text()), path


def test_links_to_pytorch_lead_to_a_page_and_a_name(real_site: Site) -> None:
    addresses = {
        link["href"]
        for _language, _path, page in pages(real_site)
        for link in page.select('a[href*="docs.pytorch.org/docs/"]')
    }
    assert addresses
    for address in addresses:
        assert re.fullmatch(r"https://docs\.pytorch\.org/docs/stable/[\w./]+\.html#torch[\w.]+", address)


def test_the_inventory_is_what_its_text_says() -> None:
    folder = PROJECT / "docs/_inventories"
    text, packed = (sphobjinv.Inventory(str(folder / name)) for name in ("torch.txt", "torch.inv"))
    assert [str(item) for item in text.objects] == [str(item) for item in packed.objects] != []


def test_a_page_says_each_thing_about_itself_once(real_site: Site) -> None:
    for _language, path, page in pages(real_site):
        names = [tag.get("name") or tag.get("property") for tag in page.select("meta[name], meta[property]")]
        assert len(set(names)) == len(names), path
        assert {"description", "viewport", "og:title", "og:description"} <= set(names), path


def test_every_example_says_what_it_presupposes_and_how_long_it_takes(real_site: Site) -> None:
    examples = [
        (path, page) for _language, path, page in pages(real_site) if page.select(".downloads.top")
    ]
    assert len(examples) == 2 * len(list((PROJECT / "gallery").glob("*/*.py")))
    for path, page in examples:
        bar = page.select_one(".downloads.top")
        assert len(page.select(".downloads a")) == 4, path  # script and notebook, above and below
        assert 1 <= int(re.search(r"\d+", bar.select_one(".reading-time").text)[0]) <= 30, path
        presupposed = bar.find_previous_sibling("p")
        assert presupposed is not page.select_one("h1").find_next_sibling("p"), path
        # A page to read first, or, on the first page of all, none.
        assert presupposed.select("a.reference.internal") or path.stem == "backward_graph", path


def test_what_scrolls_can_be_reached_by_keyboard(real_site: Site) -> None:
    for _language, path, page in pages(real_site):
        for element in page.select("pre, .graph-scroll, .check-table-scroll"):
            assert element.get("tabindex") == "0", path


def test_a_title_inside_a_sentence_is_quoted(real_site: Site) -> None:
    first = real_site.page("en", "field_guide/operator_or_function").select_one(".downloads.top").find_previous_sibling("p").get_text()
    assert first == "Read “No fake impl, no autograd formula” and “torch.compile cannot trace a Function” first."
    guide = real_site.page("en", "field_guide/index").get_text()
    assert "nothing needs them: Tensors on ctx: memory that does not come back,\nNothing is freed after backward" in guide
    assert "“" not in real_site.page("zh_CN", "field_guide/operator_or_function").select_one("article").get_text()


def test_a_card_names_another_page_by_its_title(real_site: Site) -> None:
    for language, title in (("en", "“Backward of batch norm”"), ("zh_CN", "《批量归一化的反向传播推导》")):
        cards = real_site.page(language, "conv_bn_fusion/index").select(".page-card[href='constant_channel.html'] .card-summary")
        assert [title in card.get_text() for card in cards] == [True]


def test_nothing_that_is_clicked_holds_something_else_to_click(real_site: Site) -> None:
    for _language, path, page in pages(real_site):
        assert not page.select(":is(summary, button, a) :is(a, button, select, textarea)"), path


def test_every_page_of_the_field_guide_is_listed_by_symptom(real_site: Site) -> None:
    section = real_site.page("en", "field_guide/index").find(id="by-symptom")
    listed = {link["href"].removesuffix(".html") for link in section.select("li a") if "/" not in link["href"]}
    assert listed == {path.stem for path in (PROJECT / "gallery/field_guide").glob("*.py")}


def test_the_chapters_follow_one_another(real_site: Site) -> None:
    last = real_site.page("zh_CN", "double_backward/no_third_derivative")
    assert last.select_one("a.next-page")["href"] == "../conv_bn_fusion/index.html"
    first = real_site.page("zh_CN", "conv_bn_fusion/index")
    assert first.select_one("a.prev-page")["href"] == "../double_backward/no_third_derivative.html"


def test_no_mark_can_begin_a_line_behind_a_formula(real_site: Site) -> None:
    joined = 0
    for _language, path, page in pages(real_site):
        for formula in page.select("p math, li math, td math"):
            following = formula.next_sibling
            if formula.parent.get("class") == ["formula-with-mark"]:
                joined += 1
                assert following.strip() and following.next_sibling is None, (path, formula.parent)
            else:
                assert not isinstance(following, str) or following[:1] not in set("，。；：、！？）》,.;:)"), (path, formula)
    assert joined
