"""A translation can do nothing that its message does not do, and neither it nor a page can do what reST could."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from conftest import Site
from test_translations import FOLDER, SQUARE, catalogue, translate

from sitebuild.translation.message_markup import phrase_faults, prose_faults

MESSAGE = "A paragraph with ``code``, :math:`a < b`, :doc:`index` and `a link <https://example.org>`_."
SOURCE = f"# {MESSAGE} Elsewhere it names ``more\n# code``."
SAME = "一段，含``code``、:math:`a < b`、:doc:`首页 <index>`、`链接 <https://example.org>`_"
FILE = "/locale/zh_CN/LC_MESSAGES/secret.txt"
SECRET = "what no page may show"
LINE_BREAK = "has a line break; prose is one paragraph, in one line"
# What translators could write, and what the judge of catalogues says about it.
INJECTED = {
    f"{SAME}\n\n.. raw:: html\n\n   <script>alert(1)</script>": LINE_BREAK,
    f".. role:: raw-html(raw)\n   :format: html\n\n{SAME}:raw-html:`<img src=x>`": LINE_BREAK,
    f"{SAME}\n\n.. |x| replace:: y": LINE_BREAK,
    f"{SAME}\n\n.. _index: https://evil.example": LINE_BREAK,
    f"{SAME}::\n\n   code": LINE_BREAK,
    f"{SAME}\n\n另一段": LINE_BREAK,
    f".. include:: {FILE}": "begins like explicit markup in reST; begin with text, or with a backslash",
    f"- {SAME}": "begins like bullet in reST; begin with text, or with a backslash",
    f"{SAME}:raw-html:`<img src=x>`": "adds :raw-html:`<img src=x>`, which is not in the message",
    f"{SAME}:download:`x <{FILE}>`": f"adds :download:`{FILE}`, which is not in the message",
    f"{SAME}|today|": "adds |today|, which is not in the message",
    f"{SAME}`x <javascript:alert(1)>`_": "adds a link to javascript:alert(1), which is not in the message",
    f"{SAME}（javascript:alert）": "adds a link to javascript:alert, which is not in the message",
    f"{SAME} [x](https://evil.example/)": "adds a link to https://evil.example/, which is not in the message",
    f"{SAME} x@evil.example": "adds a link to mailto:x@evil.example, which is not in the message",
    f"{SAME}index_": "adds a link to index, which is not in the message",
    f"{SAME} [1]_": "adds [1]_, which is not in the message",
    f"{SAME}_`x`": "adds `x`, which is not in the message",
    f"{SAME}``rm -rf``": "holds code that its source does not: rm -rf",
    SAME.replace("a < b", "a > b"): "holds code that its source does not: :math:`a > b`",
    SAME.replace("<index>", "<other>"): "lacks :doc:`index`, which is in the message",
    SAME.replace(
        "https://example.org", "https://evil.example"
    ): "lacks a link to https://example.org, which is in the message",
    f"{SAME}``未完": "not understood (Inline literal start-string without end-string.)",
    f"{SAME}{'长' * 100_000}": "is longer than 10000 characters",
    f"{SAME}\u202e": "holds the character U+202E RIGHT-TO-LEFT OVERRIDE",
    f"{SAME}\x0c": "holds the character U+000C",
}


@pytest.mark.parametrize(
    "translation",
    [
        SAME,
        f"*重点*，**更重**。{SAME}",
        "`链接 <https://example.org>`_、:doc:`index`、:math:`a < b`，换了次序，``code``和:math:`a < b`出现两次：``code``",
        "没有代码和公式：:doc:`index`、`链接 <https://example.org>`_",
        SAME.replace("``code``", "``more code``"),
        f"{SAME}<script>, a < b, [1], 5$, {{x}}, %s, # noqa",
    ],
    ids=["same", "emphasis", "order", "left-out", "code", "text"],
)
def test_text_may_differ(translation: str) -> None:
    assert prose_faults(MESSAGE, translation, SOURCE, "zh_CN") == []


@pytest.mark.parametrize(
    ("phrase", "translation", "faults"),
    [
        ("{first} of {second}", "{second}，{first}", []),
        ("Search (press /)", "搜索（按/键），100%", []),
        (
            "{names}",
            "{names.__class__}",
            ["adds {names.__class__}, which is not in the phrase", "lacks {names}, which is in the phrase"],
        ),
        ("{names}", "名", ["lacks {names}, which is in the phrase"]),
        ("{names}", "{names}{", ["not understood (Single '{' encountered in format string)"]),
        ("Close", "%(x)s", ["adds %(x)s, which is not in the phrase"]),
    ],
)
def test_placeholders_stay(phrase: str, translation: str, faults: list[str]) -> None:
    assert phrase_faults(phrase, translation) == faults


@pytest.fixture
def site(small_site: Site) -> Site:
    """A site with a page whose every paragraph has another hostile translation."""
    site = translate(small_site)
    messages = {f"{MESSAGE} {number}": translation for number, translation in enumerate(INJECTED)}
    page = "\n\n".join(["Many\n====", *messages, "Elsewhere ``more\ncode``."])
    site.write("docs/many.rst", f"{page}\n")
    site.edit("docs/index.rst", "   double_backward/index\n", "   double_backward/index\n   many\n")
    whole = {"Many": "多", "Elsewhere ``more code``.": "另有``more code``。", **messages}
    site.write(f"{FOLDER}/many.po", catalogue(whole))
    site.write(f"{FOLDER}/secret.txt", SECRET)
    return site


def test_the_judge_names_catalogue_and_message(site: Site) -> None:
    site.edit(f"{FOLDER}/sphinx.po", 'msgstr "来自{names}"', 'msgstr "来自{names.__class__}"')
    site.edit(SQUARE, 'msgid "The graph."', 'msgctxt "x"\nmsgid "The graph."')
    result = site.build("en zh_CN")
    assert result.returncode == 1
    found = Counter(re.findall(r"many\.po:\d+: (.*?): 'A paragraph with ``code``", result.stderr))
    # Where a link or a reference is exchanged, one complaint says what came and one what is gone.
    exchanged = [
        "adds :doc:`other`, which is not in the message",
        "adds a link to https://evil.example, which is not in the message",
    ]
    assert found == Counter([*INJECTED.values(), *exchanged])
    assert re.search(
        r"sphinx\.po:\d+: adds \{names\.__class__\}, which is not in the phrase: 'made from \{names\}'",
        result.stderr,
    )
    assert re.search(r"square\.po:?\d*: missing: 'The graph\.'", result.stderr)  # nobody asks for it in a context
    assert not (site.root / "build/html").exists()


def test_a_draft_is_refused_too_and_does_nothing_of_it(site: Site) -> None:
    site.edit(SQUARE, 'msgid "The graph."\n', 'msgid "The graph, once."\n')  # unfinished, which a draft may be
    result = site.build("en zh_CN", "--draft")
    assert result.returncode == 1
    found = set(re.findall(r"many\.po:\d+: (.*?): 'A paragraph with ``code``", result.stderr))
    assert found >= set(INJECTED.values())
    assert "missing" not in result.stderr and "obsolete" not in result.stderr and "DRAFT=1" not in result.stderr
    site.edit(f"{FOLDER}/many.po", "长" * 100_000, "")
    assert site.build("en zh_CN", "--draft").returncode == 1
    # Even where nobody had judged it, Sphinx does nothing of it.
    log = (site.root / "build/stages/html-zh_CN.log").read_text(encoding="utf-8")
    for complaint in (
        '"raw" directive disabled',
        "raw (and derived) roles disabled",
        '"include" directive disabled',
        "a link leads to javascript:alert(1); expected http, https, mailto",
        f"a page offers no file such as {FILE}",
    ):
        assert complaint in log
    written = (site.root / "build/stages/html/zh_CN/many.html").read_text(encoding="utf-8")
    assert "一段，含" in written
    assert "<img" not in written and SECRET not in written
    assert not (site.root / "build/html").exists()


@pytest.mark.parametrize("draft", [[], ["--draft"]], ids=["finished", "draft"])
@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('msgstr "图。"', 'msgstr "图，见https://evil.example/。"', "adds a link to https://evil.example/"),
        ('msgstr "图。"', 'msgstr "图。|picture|"', "adds |picture|"),
        ('msgstr "图。"', 'msgstr "图。"\n\nmsgid ""\n"The "\n"graph."\nmsgstr "另一幅图。"', "is the message of line"),
    ],
    ids=["link", "image", "twice"],
)
def test_what_is_wrong_is_refused_at_any_stage(
    small_site: Site, draft: list[str], old: str, new: str, complaint: str
) -> None:
    site = translate(small_site)
    site.edit(SQUARE, old, new)
    result = site.build("en zh_CN", *draft)
    assert result.returncode == 1
    assert re.search(rf"square\.po:.*{re.escape(complaint)}", result.stderr), result.stderr


def test_both_lines_of_a_message_that_stands_twice_are_named(small_site: Site) -> None:
    site = translate(small_site)
    text = (site.root / SQUARE).read_text(encoding="utf-8")
    first = text[: text.index('msgid "The graph."')].count("\n") + 1
    site.write(SQUARE, f'{text}\nmsgctxt "x"\nmsgid "The graph."\nmsgstr ""\n\nmsgid "The graph."\nmsgstr "图"\n')
    second = text.count("\n") + 6
    result = site.build("en zh_CN", "--draft")
    assert f"{SQUARE}:{second}: is the message of line {first} once more; keep one of them" in result.stderr
