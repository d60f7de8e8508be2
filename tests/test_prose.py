"""What a machine can find in the prose: forms to avoid, terms that differ, marks of the wrong width, long sentences."""

from __future__ import annotations

import re
import tomllib
from functools import cache

import pytest
from conftest import PROJECT, Site

from sitebuild.reports.glossary import read_terms
from sitebuild.translation.refresh import read

CATALOGUES = PROJECT / "docs/locale/zh_CN/LC_MESSAGES"
RULES = tomllib.loads((PROJECT / "tests/prose.toml").read_text(encoding="utf-8"))
TERMS = read_terms(PROJECT / "docs")
# Names, formulas, links and addresses are not prose.
NOT_PROSE = re.compile(r"``.*?``|:[\w:]+:`[^`]*`|`[^`]*`_?|https?://\S+")
TITLE = re.compile(r"《([^《》]*)》")
LINK = re.compile(r":(?:doc|ref):`")


@cache
def messages() -> list[tuple[str, str, str]]:
    """Catalogue, English and Chinese of every message."""
    return [
        (str(path.relative_to(CATALOGUES)), message.id, message.string)
        for path in sorted(CATALOGUES.rglob("*.po"))
        for message in read(path)
        if isinstance(message.id, str) and message.id
    ]


def sentences(text: str, marks: str) -> list[str]:
    return [part for part in re.split(rf"(?<=[{marks}])\s*", NOT_PROSE.sub("x", text)) if part]


FORMS = [
    pytest.param(language, rule, id=f"{language}-{rule['caught']}")
    for language, rules in RULES.items()
    for rule in rules["avoid"]
]


@pytest.mark.parametrize(("language", "rule"), FORMS)
def test_nothing_is_said_that_the_rules_avoid(language: str, rule: dict[str, str]) -> None:
    assert re.search(rule["pattern"], rule["caught"])
    found = []
    for catalogue, english, translation in messages():
        text = NOT_PROSE.sub("x", english if language == "en" else translation)
        found += [(catalogue, match[0], text) for match in re.finditer(rule["pattern"], text)]
    assert not found, f"say instead: {rule['instead']}"


@pytest.mark.parametrize(("language", "marks"), [("en", ".!?:;"), ("zh_CN", "。！？：；")])
def test_no_sentence_is_too_long(language: str, marks: str) -> None:
    longest = RULES[language]["longest_sentence"]
    found = []
    for catalogue, english, translation in messages():
        for sentence in sentences(english if language == "en" else translation, marks):
            length = len(sentence.split()) if language == "en" else len(sentence)
            found += [(catalogue, length, sentence)] if length > longest else []
    assert not found


def test_no_translation_uses_a_form_that_the_glossary_avoids() -> None:
    found = [
        (catalogue, form, term["zh_CN"]["word"])
        for term in TERMS
        for form in term["zh_CN"].get("avoid", [])
        for catalogue, _english, translation in messages()
        if form in translation
    ]
    assert not found


@pytest.mark.parametrize("language", RULES)
def test_each_term_stands_on_the_page_that_introduces_it(real_site: Site, language: str) -> None:
    for term in TERMS:
        article = real_site.page(language, term["page"]).article.get_text()
        assert term[language]["word"].lower() in " ".join(article.lower().split()), term


def test_only_titles_of_pages_and_sections_stand_in_title_marks() -> None:
    for catalogue, _english, translation in messages():
        for title in TITLE.findall(translation):
            assert LINK.search(title) or "{" in title, (catalogue, title)
