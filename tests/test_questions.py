"""What people ask in public has a page that answers, and the search finds it."""

from __future__ import annotations

import sys
import tomllib

import pytest
from conftest import PAGES, PROJECT
from playwright.sync_api import Browser

sys.path.insert(0, str(PROJECT / "benchmarks" / "recall"))
import recall

QUESTIONS = tomllib.loads((PROJECT / "tests" / "questions.toml").read_text(encoding="utf-8"))["question"]
ANSWERED = 0.95  # the share that has to be
FOUND = 0.87  # of those that are answered, typed as whole sentences, among the first three results


def script(page: str) -> str:
    return (PROJECT / "gallery" / f"{page}.py").read_text(encoding="utf-8")


def test_there_are_enough_questions_and_none_twice() -> None:
    texts = [question["text"] for question in QUESTIONS]
    assert len(QUESTIONS) >= 60
    assert len(set(texts)) == len(texts)
    assert all(question["seen"] for question in QUESTIONS)
    assert {question["answered"] for question in QUESTIONS} <= {"yes", "partly", "no"}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["text"][:40])
def test_the_pages_exist_and_one_of_them_ran_what_is_named(question: dict[str, str | list[str]]) -> None:
    if question["answered"] == "no":
        assert not question["pages"]
        return
    assert set(question["pages"]) <= set(PAGES)
    assert question["run"] and any(question["run"] in script(page) for page in question["pages"])


def test_nearly_all_are_answered() -> None:
    left = [question["text"] for question in QUESTIONS if question["answered"] != "yes"]
    assert len(left) <= (1 - ANSWERED) * len(QUESTIONS), left


def test_a_page_that_answers_is_among_the_first_three(browser: Browser, address: str) -> None:
    answered = [question for question in QUESTIONS if question["answered"] == "yes"]
    page = browser.new_page()
    results = recall.search(page, address, "en", [question["text"] for question in answered])
    page.close()
    found = [{result["page"] for result in each} for each in results]
    missed = [(question["text"], pages) for question, pages in zip(answered, found) if not pages & set(question["pages"])]
    assert len(missed) <= (1 - FOUND) * len(answered), missed
