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
JUDGED = [question for question in QUESTIONS if question["answered"] != "awaited"]
# Pages that are still being written. Take out what has arrived, and judge the questions that wait for it.
AWAITED = frozenset(
    f"field_guide/{name}"
    for name in ("cpp_extension", "data_parallel", "export", "gradient_penalty", "physics_informed", "sparse_inputs")
)
ANSWERED = 0.95  # of those that are judged
FOUND = 0.87  # of those that are answered, typed as whole sentences, among the first three results


def script(page: str) -> str:
    return (PROJECT / "gallery" / f"{page}.py").read_text(encoding="utf-8")


def ask(browser: Browser, address: str, texts: list[str]) -> list[list[str]]:
    """The first three pages for each question, which is typed as it stands."""
    page = browser.new_page()
    page.goto(f"{address}/en/index.html")
    answers = page.evaluate(recall.ASK, [f"{address}/en/_static/search/engine.js", texts])
    page.close()
    return [[each["path"].removeprefix("/en/").removesuffix(".html") for each in results] for results in answers]


def test_there_are_enough_questions_and_none_twice() -> None:
    texts = [question["text"] for question in QUESTIONS]
    assert len(JUDGED) >= 60
    assert len(set(texts)) == len(texts)
    assert all(question["seen"] and question["pages"] for question in QUESTIONS)
    assert {question["answered"] for question in QUESTIONS} <= {"yes", "partly", "no", "awaited"}


def test_nothing_is_awaited_that_has_arrived() -> None:
    assert not AWAITED & set(PAGES), "judge the questions of these pages, and take them out of AWAITED"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["text"][:40])
def test_the_pages_exist_and_one_of_them_ran_what_is_named(question: dict[str, str | list[str]]) -> None:
    if question["answered"] == "awaited":
        assert AWAITED.issuperset(question["pages"])
        return
    assert set(question["pages"]) <= set(PAGES)
    assert question["run"] and any(question["run"] in script(page) for page in question["pages"])


def test_nearly_all_are_answered() -> None:
    left = [question["text"] for question in JUDGED if question["answered"] != "yes"]
    assert len(left) <= (1 - ANSWERED) * len(JUDGED), left


def test_a_page_that_answers_is_among_the_first_three(browser: Browser, address: str) -> None:
    answered = [question for question in JUDGED if question["answered"] == "yes"]
    found = ask(browser, address, [question["text"] for question in answered])
    missed = [(question["text"], pages) for question, pages in zip(answered, found) if not set(pages) & set(question["pages"])]
    assert len(missed) <= (1 - FOUND) * len(answered), missed
