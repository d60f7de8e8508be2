"""The table of mutants shows what make mutants wrote."""

from __future__ import annotations

import json

from conftest import Site


def test_the_table_shows_the_numbers(small_site: Site) -> None:
    numbers = {"mutants": 9, "killed": 5, "explained": 1, "not_checked": 2, "repeated": 1, "survived": 0}
    found = {"date": "2000-01-02", "torch": "2.0", "python": "3", "corrections": 3}
    found["scripts"] = {"double_backward/square": {**numbers, "unchecked": ["A", "B"]}}
    small_site.edit("docs/index.rst", ".. check-table::\n", ".. mutant-table::\n")
    result = small_site.build()
    assert result.returncode != 0 and "make mutants writes it" in result.stderr
    small_site.write("docs/mutants.json", json.dumps(found))
    result = small_site.build()
    assert result.returncode == 0, result.stderr
    page = small_site.page("en", "index")
    assert "On 2000-01-02, with PyTorch 2.0, 9 changes were tried" in page.select_one(".mutant-summary").get_text()
    row = page.select_one(".check-table tbody tr")
    assert [cell.get_text() for cell in row.select("td")] == ["Square", "9", "5", "1", "1", "2 (A, B)"]
    assert row.a["href"] == "double_backward/square.html"
