"""The date of the build comes from SOURCE_DATE_EPOCH, which is refused before anything runs if it is no date."""

from __future__ import annotations

import pytest
from conftest import Site

REFUSED = {
    "empty": "",
    "words": "garbage",
    "negative": "-1",
    "spaces": " 86400 ",
    "line break": "86400\n",
    "fraction": "86400.5",
    "exponent": "1e9",
    "other digits": "٨٦٤٠٠",
    "underscores": "86_400",
    "nan": "nan",
    "year 10000": "253402300800",
    "endless": "9" * 5000,
}


def footer(site: Site) -> str:
    return site.page("en", "index").select_one(".bottom-of-page").get_text()


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_no_date_is_refused_first(small_site: Site, monkeypatch, value: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    for result in (small_site.build(), small_site.make("execute"), small_site.make("gettext")):
        assert result.returncode != 0
        shown = repr(value) if len(value) < 60 else repr(value[:60])[:-1] + "…'"
        assert result.stderr.splitlines()[0] == (
            f"SOURCE_DATE_EPOCH is {shown}: expected whole seconds since 1970 and before the year 10000, such as "
            "86400; 'unset SOURCE_DATE_EPOCH' to build with the date of today"
        )
        assert "Running" not in result.stdout


def test_another_date_is_a_change(small_site: Site, monkeypatch) -> None:
    dates = {"0": "1970-01-01", "86400": "1970-01-02", "0253402300799": "9999-12-31"}
    for value, date in dates.items():
        monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
        result = small_site.build()
        assert result.returncode == 0, result.stderr
        assert f"Built on {date} with" in footer(small_site)
    assert "Nothing has changed" in small_site.build().stdout
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert small_site.build().returncode == 0
    assert "Built on 20" in footer(small_site)
