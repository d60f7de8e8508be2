"""A translation can do nothing that its message does not do, and neither it nor a page can do what reST could."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from conftest import Site
from message_markup import phrase_faults, prose_faults
from test_translations import FOLDER, SQUARE, catalogue, translate

MESSAGE = "A paragraph with ``code``, :math:`a < b`, :doc:`index` and `a link <https://example.org>`_."
SOURCE = f"{MESSAGE} Elsewhere it names ``more_code``."
SAME = "一段，含``code``、:math:`a < b`、:doc:`首页 <index>`、`链接 <https://example.org>`_"
FILE = "/locale/zh_CN/LC_MESSAGES/secret.txt"
SECRET = "what no page may show"
# What translators could write, and what the judge of catalogues says about it.
INJECTED = {
    f"{SAME}\n\n.. raw:: html\n\n   <script>alert(1)</script>": 'not understood (Unknown directive type "raw".)',
    f".. role:: raw-html(raw)\n   :format: html\n\n{SAME}:raw-html:`<img src=x>`": 'not understood (Unknown directive type "role".)',
    f"{SAME}:raw-html:`<img src=x>`": "adds :raw-html:`<img src=x>`",
    f"{SAME}:download:`x <{FILE}>`": f"adds :download:`{FILE}`",
    f".. include:: {FILE}": 'not understood (Unknown directive type "include".)',
    f"{SAME}\n\n.. |x| replace:: y": 'not understood (Unknown directive type "replace".)',
    f"{SAME}|today|": "adds |today|",
    f"{SAME}`x <javascript:alert(1)>`_": "adds a link to javascript:alert(1)",
    f"{SAME}（javascript:alert）": "adds a link to javascript:alert",
    f"{SAME} [x](https://evil.example/)": "adds a link to https://evil.example/",
    f"{SAME} x@evil.example": "adds a link to mailto:x@evil.example",
    f"{SAME}index_": "adds a link to index",
    f"{SAME} [1]_": "adds [1]_",
    f"{SAME}\n\n.. _index: https://evil.example": "adds a target",
    f"{SAME}``rm -rf``": "adds ``rm -rf``",
    SAME.replace("a < b", "a > b"): "adds :math:`a > b`",
    SAME.replace("<index>", "<other>"): "lacks :doc:`index`",
    SAME.replace("https://example.org", "https://evil.example"): "lacks a link to https://example.org",
    f"{SAME}\n\n另一段": "adds a paragraph",
    f"{SAME}::\n\n   code": "adds a literal block",
    f"{SAME}``未完": "not understood (Inline literal start-string without end-string.)",
    f"{SAME}{'长' * 100_000}": "not understood (Line 1 exceeds the line-length-limit.)",
    f"{SAME}\u202e": "holds the character U+202E RIGHT-TO-LEFT OVERRIDE",
    f"{SAME}\x0c": "holds the character U+000C",
}


@pytest.mark.parametrize(
    "translation",
    [
        SAME,
        f"*重点*，**更重**。{SAME}",
        "`链接 <https://example.org>`_、:doc:`index`、:math:`a < b`，换了次序，``code``出现两次：``code``",
        SAME.replace("``code``", "``more_code``"),
        f"{SAME}<script>, a < b, [1], 5$, {{x}}, %s, # noqa",
    ],
    ids=["same", "emphasis", "order", "code", "text"],
)
def test_text_may_differ(translation: str) -> None:
    assert prose_faults(MESSAGE, translation, SOURCE, "zh_CN") == []


@pytest.mark.parametrize(
    ("phrase", "translation", "faults"),
    [
        ("{first} of {second}", "{second}，{first}", []),
        ("Search (press /)", "搜索（按/键），100%", []),
        ("{names}", "{names.__class__}", ["adds {names.__class__}", "lacks {names}"]),
        ("{names}", "名", ["lacks {names}"]),
        ("{names}", "{names}{", ["not understood (Single '{' encountered in format string)"]),
        ("Close", "%(x)s", ["adds %(x)s"]),
    ],
)
def test_placeholders_stay(phrase: str, translation: str, faults: list[str]) -> None:
    assert phrase_faults(phrase, translation) == faults


@pytest.fixture
def site(small_site: Site) -> Site:
    """A site with a page whose every paragraph has another hostile translation."""
    site = translate(small_site)
    messages = {f"{MESSAGE} {number}": translation for number, translation in enumerate(INJECTED)}
    page = "\n\n".join(["Many\n====", *messages, "Elsewhere ``more_code``."])
    site.write("docs/many.rst", f"{page}\n")
    site.edit("docs/index.rst", "   double_backward/index\n", "   double_backward/index\n   many\n")
    whole = {"Many": "多", "Elsewhere ``more_code``.": "另有``more_code``。", **messages}
    site.write(f"{FOLDER}/many.po", catalogue(whole))
    site.write(f"{FOLDER}/secret.txt", SECRET)
    return site


def test_the_judge_names_catalogue_and_message(site: Site) -> None:
    site.edit(f"{FOLDER}/sphinx.po", 'msgstr "来自{names}"', 'msgstr "来自{names.__class__}"')
    site.edit(SQUARE, 'msgid "The graph."', 'msgctxt "x"\nmsgid "The graph."')
    result = site.build("en zh_CN")
    assert result.returncode == 1
    found = Counter(re.findall(r"many\.po: (.*?): 'A paragraph with ``code``", result.stderr))
    # Where a link or a reference is exchanged, one complaint says what came and one what is gone.
    exchanged = ["lacks :math:`a < b`", "adds :doc:`other`", "adds a link to https://evil.example"]
    assert found == Counter([*INJECTED.values(), *exchanged])
    assert re.search(r"sphinx\.po: adds \{names\.__class__\}: 'made from \{names\}'", result.stderr)
    assert re.search(r"square\.po: missing: 'The graph\.'", result.stderr)  # nobody asks for it in a context
    assert not (site.root / "build/html").exists()


def test_a_draft_which_nobody_judges_does_nothing_of_it(site: Site) -> None:
    result = site.build("en zh_CN", "--draft")
    assert result.returncode == 1
    assert f"{FOLDER}/many.po: the translation of 'A paragraph with" in result.stderr
    assert "is longer than 10000 characters" in result.stderr
    site.edit(f"{FOLDER}/many.po", "长" * 100_000, "")
    result = site.build("en zh_CN", "--draft")
    assert result.returncode == 1
    for complaint in (
        '"raw" directive disabled',
        "raw (and derived) roles disabled",
        '"include" directive disabled',
        "a link leads to javascript:alert(1); expected http, https, mailto",
        f"a page offers no file such as {FILE}",
    ):
        assert complaint in result.stderr
    written = (site.root / "build/stages/html/zh_CN/many.html").read_text(encoding="utf-8")
    assert "一段，含" in written
    assert "<img" not in written and 'href="javascript:' not in written and SECRET not in written
    assert not list((site.root / "build/stages/html/zh_CN").rglob("secret.txt"))
