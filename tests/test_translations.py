"""Catalogues of a listed language are complete, or the build says what is missing."""

from __future__ import annotations

import re
import shutil

import pytest
from conftest import PROJECT, Site

from sitebuild.translation import catalogues

FOLDER = "docs/locale/zh_CN/LC_MESSAGES"
SQUARE = f"{FOLDER}/double_backward/square.po"
MESSAGES = {
    "index": {"Small site": "小站", "A site with one example.": "只有一个示例的站点。"},
    "double_backward/index": {"Chapter": "章", "One chapter.": "只有一章。"},
    "double_backward/square": {
        "Square": "平方",
        "The first paragraph.": "第一段。",
        "Some text with ``code``.": "带有``code``的文字。",
        "An input.": "输入。\n第二行。",
        "behind code": "代码之后",
        "The graph.": "图。",
    },
}


def catalogue(messages: dict[str, str]) -> str:
    entries = [
        'msgid ""\nmsgstr ""\n"Language: zh_CN\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    ]
    for text, translation in messages.items():
        quoted = [value.replace('"', '\\"').replace("\n", "\\n") for value in (text, translation)]
        entries.append(f'msgid "{quoted[0]}"\nmsgstr "{quoted[1]}"\n')
    return "\n".join(entries)


def translate(site: Site) -> Site:
    """Give ``site``, as small_site makes it, its Chinese catalogues."""
    for name, messages in MESSAGES.items():
        site.write(f"{FOLDER}/{name}.po", catalogue(messages))
    shutil.copy(PROJECT / FOLDER / "sphinx.po", site.root / FOLDER / "sphinx.po")
    return site


@pytest.fixture
def chinese_site(small_site: Site) -> Site:
    return translate(small_site)


def test_a_translated_page(chinese_site: Site) -> None:
    result = chinese_site.build("en zh_CN")
    assert result.returncode == 0, result.stderr
    page = chinese_site.page("zh_CN", "double_backward/square")
    assert page.html["lang"] == "zh-CN"
    code = "".join(block.get_text() for block in page.select("div.highlight-Python"))
    assert "        # 输入。\n        # 第二行。\n        ctx.save_for_backward(x)" in code
    assert "return grad_output * 2 * x  # 代码之后" in code
    assert "带有code的文字。" in page.article.get_text()
    english = chinese_site.page("en", "double_backward/square")
    outputs = [[block.get_text() for block in each.select(".sphx-glr-script-out")] for each in (page, english)]
    assert outputs[0] == outputs[1] != []
    # Words that stand in no catalogue of the example: the interface, the graph, the check.
    assert "反向图" in page.select_one(".autograd-graph title").get_text()
    assert "通过" in page.select_one(".gradient-checks").get_text()
    labels = " ".join(element["aria-label"] for element in page.select("[aria-label]"))
    seen = page.body.get_text(" ") + labels
    leftovers = re.findall(r"Next|Previous|Download|passed|Toggle|Back to top|On this page", seen)
    assert leftovers == []


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (SQUARE, 'msgstr "第一段。"', 'msgstr ""', "missing: 'The first paragraph.' of gallery/double_backward/square.py"),
        (SQUARE, 'msgid "The graph."', '#, fuzzy\nmsgid "The graph."', "fuzzy: 'The graph.' of gallery/double_backward/square.py"),
        (SQUARE, 'msgid "The graph."', 'msgid "Gone."\nmsgstr "无"\n\nmsgid "The graph."', "obsolete: 'Gone.'"),
        (SQUARE, 'msgid "The graph."', '#~ msgid "Old."\n#~ msgstr "旧"\n\nmsgid "The graph."', "obsolete: 'Old.'"),
        (SQUARE, 'msgstr "第一段。"', 'msgstr "第一段。', r"square\.po:\d+: is no line of a catalogue"),
        (f"{FOLDER}/sphinx.po", 'msgstr "通过"', 'msgstr ""', r"sphinx\.po:\d+: missing: 'passed'"),
        (SQUARE, "带有``code``的文字。", "带有``code的文字。", r"square\.po:\d+: not understood \(Inline literal .*of gallery/double_backward/square\.py"),
        (SQUARE, "带有``code``的文字。", "带有:doc:`nowhere`的文字。", r"square\.po:\d+: adds :doc:`nowhere`, which is not in the message: 'Some text with ``code``\.'"),
        (SQUARE, 'msgstr "代码之后"', 'msgstr "两\\n行"', "must be one line"),
        (SQUARE, 'msgstr "第一段。"', 'msgstr "第\\"\\"\\"段。"', r"gallery/double_backward/square\.py in zh_CN: .*quotes"),
    ],
    ids=["missing", "fuzzy", "gone", "obsolete", "malformed", "interface", "markup", "reference", "comment", "docstring"],
)
def test_an_unfinished_or_broken_translation_ends_the_build(
    chinese_site: Site, file: str, old: str, new: str, message: str
) -> None:
    chinese_site.edit(file, old, new)
    result = chinese_site.build("en zh_CN")
    assert result.returncode != 0
    assert re.search(message, result.stderr), result.stderr
    assert not (chinese_site.root / "build/html").exists()


def test_a_comment_that_stays_does_not_keep_others_from_being_translated(chinese_site: Site) -> None:
    chinese_site.edit(SQUARE, 'msgstr "代码之后"', 'msgstr "behind code"')
    chinese_site.edit(SQUARE, 'msgstr "输入。\\n第二行。"', 'msgstr "*输入`，不是reST"')
    result = chinese_site.build("en zh_CN")
    assert result.returncode == 0, result.stderr
    page = chinese_site.page("zh_CN", "double_backward/square")
    code = "".join(block.get_text() for block in page.select("div.highlight-Python"))
    assert "# *输入`，不是reST\n" in code and "# behind code\n" in code


def test_a_broken_translation_of_a_draft_is_blamed_on_its_catalogue(chinese_site: Site) -> None:
    chinese_site.edit(SQUARE, "带有``code``的文字。", "带有:mth:`x`的文字。")
    result = chinese_site.build("en zh_CN", "--draft")
    assert re.search(rf"{SQUARE}:\d+: adds :mth:`x`, which is not in the message: 'Some text with ``code``\.'", result.stderr)


def test_many_problems_are_counted() -> None:
    told = catalogues.tell([f"docs/{number % 3}.po: missing" for number in range(catalogues.SHOWN + 70)]).splitlines()
    assert len(told) == catalogues.SHOWN + 3
    assert told[-2:] == ["  and 70 more in 3 catalogues", told[-1]] and "DRAFT=1" in told[-1]


def test_a_draft_may_be_unfinished(chinese_site: Site) -> None:
    chinese_site.edit(SQUARE, 'msgstr "第一段。"', 'msgstr ""')
    result = chinese_site.build("en zh_CN", "--draft")
    assert result.returncode == 0, result.stderr
    paragraph = chinese_site.page("zh_CN", "double_backward/square").find("p", string="The first paragraph.")
    assert paragraph["lang"] == "en"


def test_names_with_underscores_in_english_prose_are_no_links(chinese_site: Site) -> None:
    prose = "Set requires_grad on it, see https://example.org/a_b or __init__."
    script = "gallery/double_backward/square.py"
    chinese_site.edit(script, "Some text with ``code``.", f"Some text with ``code``.\n\n{prose}")
    text = (chinese_site.root / script).read_text(encoding="utf-8").replace(f"\n\n{prose}", f"\n#\n# {prose}")
    chinese_site.write(script, text)
    for languages, further in (("en", []), ("en zh_CN", ["--draft"]), ("en ja", ["--draft"])):
        result = chinese_site.build(languages, *further)
        assert result.returncode == 0, result.stderr
        page = chinese_site.page(languages.split()[-1], "double_backward/square")
        assert prose in page.article.get_text()
    # A finished translation may use names in the same way that it always could: as code.
    entry = f'\nmsgid "{prose}"\nmsgstr "对其设置``requires_grad``，见`此页 <https://example.org/a_b>`_，或``__init__``。"\n'
    chinese_site.write(SQUARE, (chinese_site.root / SQUARE).read_text(encoding="utf-8") + entry)
    result = chinese_site.build("en zh_CN")
    assert result.returncode == 0, result.stderr
    assert chinese_site.page("zh_CN", "double_backward/square").find("code", string="requires_grad") is not None


def test_english_on_a_chinese_page_says_that_it_is(chinese_site: Site) -> None:
    quoted = "带有``code``，报``element 0 of tensors does not require grad``。"
    source = "Some text with ``code`` and ``element 0 of tensors does not require grad``."
    chinese_site.edit("gallery/double_backward/square.py", "Some text with ``code``.", source)
    chinese_site.edit(SQUARE, 'msgid "Some text with ``code``."', f'msgid "{source}"')
    chinese_site.edit(SQUARE, "带有``code``的文字。", quoted)
    result = chinese_site.build("en zh_CN")
    assert result.returncode == 0, result.stderr
    page = chinese_site.page("zh_CN", "double_backward/square")
    assert [code.get("lang") for code in page.select("p code")] == [None, "en"]
    assert [output.get("lang") for output in page.select("div.sphx-glr-script-out")] == ["en"]
    assert not [text for text in page.select("p[lang], h1[lang]") if "code" not in text.get_text()]
    assert not chinese_site.page("en", "double_backward/square").article.select("p [lang], div[lang]")


def test_a_draft_may_lag_behind_its_source(chinese_site: Site) -> None:
    chinese_site.edit("gallery/double_backward/square.py", "The first paragraph.", "Another one.")
    assert "missing: 'Another one.'" in chinese_site.build("en zh_CN").stderr
    result = chinese_site.build("en zh_CN", "--draft")
    assert result.returncode == 0, result.stderr
    assert "Another one." in chinese_site.page("zh_CN", "double_backward/square").get_text()


def test_a_changed_phrase_of_the_interface_shows(chinese_site: Site) -> None:
    chinese_site.build("en zh_CN")
    chinese_site.edit(f"{FOLDER}/sphinx.po", 'msgstr "通过"', 'msgstr "已通过"')
    assert chinese_site.build("en zh_CN").returncode == 0
    page = chinese_site.page("zh_CN", "double_backward/square")
    assert "已通过" in page.select_one(".gradient-checks").get_text()


def test_a_catalogue_without_a_page_is_named(chinese_site: Site) -> None:
    chinese_site.write(f"{FOLDER}/gone.po", catalogue({"Gone.": "无。"}))
    assert "gone.po: belongs to no page any more" in chinese_site.build("en zh_CN").stderr


def test_catalogues_of_the_project_are_written_canonically(tmp_path) -> None:
    """They read as ``make gettext`` writes them, so that its changes are those of the messages."""
    from sitebuild.translation import refresh

    for path in sorted((PROJECT / FOLDER).rglob("*.po")):
        before = path.read_text(encoding="utf-8")
        copy = tmp_path / path.name
        refresh.write(refresh.read(path), copy, "zh_CN")
        assert copy.read_text(encoding="utf-8") == before, path
