"""Links for corrections and for Colab: right where a repository is set, absent where none is."""

from __future__ import annotations

from conftest import Site

REPOSITORY = "https://github.com/someone/site"


def test_each_language_corrects_its_own_text(small_site: Site) -> None:
    small_site.edit("conf.py", 'site_repository_url = ""', f'site_repository_url = "{REPOSITORY}/"')
    small_site.edit("conf.py", 'site_notebooks_branch = ""', 'site_notebooks_branch = "notebooks"')
    result = small_site.build("en zh_CN", "--draft")
    assert result.returncode == 0, result.stderr
    sources = {
        ("en", "double_backward/square"): "gallery/double_backward/square.py",
        ("en", "double_backward/index"): "gallery/double_backward/index.rst",
        ("en", "index"): "docs/index.rst",
        ("zh_CN", "double_backward/square"): "docs/locale/zh_CN/LC_MESSAGES/double_backward/square.po",
    }
    for (language, name), source in sources.items():
        report, edit = small_site.page(language, name).select(".corrections a")
        assert edit["href"] == f"{REPOSITORY}/edit/main/{source}"
        assert (small_site.root / source).exists() or language != "en"
        assert report["href"].startswith(f"{REPOSITORY}/issues/new?title=%5B{language}%5D%20{name.split('/')[0]}")
    colab = small_site.page("zh_CN", "double_backward/square").select("a[href*=colab]")
    notebook = "zh_CN/downloads/double_backward/square.ipynb"
    assert {link["href"] for link in colab} == {
        f"https://colab.research.google.com/github/someone/site/blob/notebooks/{notebook}"
    }
    assert (small_site.root / "build/html" / notebook).exists()


def test_without_a_repository_there_are_no_such_links(real_site: Site) -> None:
    page = real_site.page("en", "double_backward/saving_inputs")
    assert page.select(".corrections, a[href*=colab]") == []
