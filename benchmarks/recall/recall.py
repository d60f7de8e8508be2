"""How often the search has a page that answers among its first results: asks every query of tests/queries/."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
QUERIES = PROJECT / "tests" / "queries"
# When queries were written: before the ranking was made, after it, later by somebody who did not know it, and after
# the change to which those led.
GROUPS = ("before", "after", "unseen", "fresh")

# Everything in one page, through the modules that the search box uses; lines are joined as by the box.
ASK = """async ([engine, queries]) => {
  const { search } = await import(engine);
  const answers = [];
  for (const query of queries) answers.push(await search(query.replaceAll("\\n", " "), 3));
  return answers.map((results) => results.map(({ url, weak }) => ({ path: new URL(url).pathname, weak })));
}"""


@dataclass(frozen=True)
class Answer:
    """What the search answered to a query of the test set.

    Attributes
    ----------
    text : str
        The query.
    expected : tuple of str
        Pages that answer it, such as "field_guide/in_place"; none if nothing strong may be found.
    written : str
        To which of the groups it belongs.
    found : tuple of str
        The first pages that were found.
    strong : bool
        Whether the first of them was no weak match.
    """

    text: str
    expected: tuple[str, ...]
    written: str
    found: tuple[str, ...]
    strong: bool

    def is_right(self, first: int) -> bool:
        """Whether one of the ``first`` results answers, or, where none can, whether nothing strong was found."""
        if not self.expected:
            return not self.strong
        return bool(set(self.expected) & set(self.found[:first]))


def _read(language: str) -> dict[str, Any]:
    return tomllib.loads((QUERIES / f"{language}.toml").read_text(encoding="utf-8"))


def read_queries(language: str) -> list[dict[str, Any]]:
    """The test set of a language."""
    return _read(language)["query"]


def search(page: Any, address: str, language: str, texts: list[str]) -> list[list[dict[str, Any]]]:
    """Type each text as it stands, and return the first three results of each: ``page``, and whether it is ``weak``."""
    page.goto(f"{address}/{language}/index.html")
    answers = page.evaluate(ASK, [f"{address}/{language}/_static/search/engine.js", texts])
    return [
        [
            {"page": each["path"].removeprefix(f"/{language}/").removesuffix(".html"), "weak": each["weak"]}
            for each in results
        ]
        for results in answers
    ]


def ask(page: Any, address: str, language: str) -> list[Answer]:
    """Ask every query of a language.

    Parameters
    ----------
    page : playwright.sync_api.Page
        An empty page of a browser.
    address : str
        Where the site is served, without a slash at the end.
    language : str
        Code of the language.
    """
    queries = read_queries(language)
    answers = search(page, address, language, [query["text"] for query in queries])
    return [
        Answer(
            query["text"],
            tuple(query["pages"]),
            query["written"],
            tuple(each["page"] for each in found),
            bool(found) and not found[0]["weak"],
        )
        for query, found in zip(queries, answers, strict=True)
    ]


def summarise(answers: list[Answer], language: str) -> dict[str, dict[str, int]]:
    """For each group: how many queries, and how many were right with the first and with the first three results.

    Before the group "unseen" stands what it had been when it was measured once, untouched.
    """
    found = {}
    for group in GROUPS:
        those = [answer for answer in answers if answer.written == group]
        if group == "unseen":
            found["unseen_at_first"] = _read(language)["unseen_at_first"]
        found[group] = {
            "queries": len(those),
            "first": sum(answer.is_right(1) for answer in those),
            "three": sum(answer.is_right(3) for answer in those),
        }
    return found
