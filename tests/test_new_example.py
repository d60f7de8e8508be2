"""`make new-example` lays down a script that builds, with catalogues to fill in."""

from __future__ import annotations

import subprocess

import pytest
from conftest import PROJECT, Site, command

from sitebuild.examples import new_script
from sitebuild.examples.build_error import BuildError


def run(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command("new_example", *arguments), cwd=site.root, capture_output=True, text=True, check=False)


def test_a_new_example_builds_and_has_a_catalogue(small_site: Site) -> None:
    # The small site has no page to read first.
    small_site.write(
        "docs/_ext/sitebuild/examples/new_script.py",
        (PROJECT / "docs/_ext/sitebuild/examples/new_script.py")
        .read_text(encoding="utf-8")
        .replace(":doc:`/double_backward/saving_inputs`", ":doc:`/double_backward/square`"),
    )
    result = run(small_site, "double_backward", "twice_as_much", "de")
    assert result.returncode == 0, result.stdout + result.stderr
    catalogue = small_site.root / "docs/locale/de/LC_MESSAGES/double_backward/twice_as_much.po"
    text = catalogue.read_text(encoding="utf-8")
    assert 'msgid "Twice as much"' in text
    assert [sentence for sentence in new_script.PLACEHOLDERS if sentence in text] == []
    unedited = "double_backward/twice_as_much.py: holds a sentence of the template: 'A comment inside code is translated, too.'; write"
    assert unedited in small_site.build("en de").stderr
    built = small_site.build("en de", "--draft")
    assert built.returncode == 0, built.stdout + built.stderr
    page = small_site.page("en", "double_backward/twice_as_much")
    assert page.h1.get_text() == "Twice as much"
    assert [item.select_one("code:nth-of-type(2)").get_text() for item in page.select("li.check.passed")] == [
        "TwiceAsMuch",
        "TwiceAsMuch",
    ]
    links = [link.get("href") for link in small_site.page("en", "double_backward/index").select(".sidebar-tree a")]
    assert "twice_as_much.html" in links


def test_the_first_script_of_a_chapter_brings_its_index(small_site: Site) -> None:
    assert "add it to chapters in conf.py first" in run(small_site, "second", "first_page", "de").stderr
    small_site.edit("conf.py", 'chapters = ["double_backward"]', 'chapters = ["double_backward", "second"]')
    template = "docs/_ext/sitebuild/examples/new_script.py"
    small_site.edit(template, ":doc:`/double_backward/saving_inputs`", ":doc:`/double_backward/square`")
    result = run(small_site, "second", "first_page", "de")
    assert result.returncode == 0, result.stderr
    assert "Now name second/index in docs/index.rst" in result.stdout
    small_site.edit("docs/index.rst", "   double_backward/index", "   double_backward/index\n   second/index")
    built = small_site.build()
    assert built.returncode == 0, built.stderr
    assert small_site.page("en", "second/index").h1.get_text() == "Second"
    assert small_site.page("en", "second/first_page").h1.get_text() == "First page"


@pytest.mark.parametrize(
    ("chapter", "name", "complaint"),
    [
        ("nowhere", "x", "no chapter; expected CHAPTER to be one of .*double_backward.*conf.py first"),
        ("double_backward", "../x", "no name for a script"),
        ("double_backward", "saving_inputs", "is there already"),
    ],
)
def test_what_cannot_be_is_refused(chapter: str, name: str, complaint: str) -> None:
    with pytest.raises(BuildError, match=complaint):
        new_script.lay_down(PROJECT, chapter, name)


@pytest.mark.parametrize(
    ("index", "extended"),
    [
        (".. toctree::", ".. toctree::\n\n   new\n"),
        (".. toctree::\n   :hidden:\n\nMore.\n", ".. toctree::\n   :hidden:\n\n   new\n\nMore.\n"),
        (".. toctree::\n\n   old", ".. toctree::\n\n   old\n   new\n"),
        (".. toctree::\n   :hidden:\n\n   old\n\nMore.\n", ".. toctree::\n   :hidden:\n\n   old\n   new\n\nMore.\n"),
    ],
)
def test_a_toctree_takes_it_with_and_without_entries(index: str, extended: str) -> None:
    assert new_script.add_to_index(f"Title\n=====\n\n{index}", "chapter", "new") == f"Title\n=====\n\n{extended}"


def test_a_chapter_that_cannot_take_it_is_left_alone(small_site: Site) -> None:
    small_site.write("gallery/second/index.rst", "Second\n======\n")
    unnamed = run(small_site, "second", "x")
    assert "conf.py does not name the chapter second; add it to chapters" in unnamed.stderr
    small_site.edit("conf.py", '"gallery_dirs": chapters', '"gallery_dirs": ["second", *chapters]')
    assert "gallery/second/index.rst has no toctree; add one" in run(small_site, "second", "x").stderr
    assert not (small_site.root / "gallery/second/x.py").exists()
    built = small_site.build("en")
    assert "conf.py: examples_dirs names 1 folders, gallery_dirs 2; name each chapter in both" in built.stderr


def test_the_index_names_it_in_cards_and_toctree() -> None:
    index = (PROJECT / "gallery/conv_bn_fusion/index.rst").read_text(encoding="utf-8")
    added = new_script.add_to_index(index, "conv_bn_fusion", "zzz")
    assert "   conv_bn_fusion/peak_and_time\n   conv_bn_fusion/zzz\n" in added
    assert "   peak_and_time\n   zzz\n" in added
    assert added.count("zzz") == 2
