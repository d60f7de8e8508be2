"""Parts of the examples that ran on several machines make the site that one machine would have made."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Site
from sphinx.errors import ExtensionError
from test_build import executions

from sitebuild.running import example_shard

NAMES = ["circle", "line", "point", "square", "triangle"]


@pytest.fixture
def five_examples(fresh_site: Site) -> Site:
    for name in NAMES:
        if name != "square":
            fresh_site.add_example(name, f"import torch\n\nprint('{name}', torch.arange({len(name)}))\n")
    return fresh_site


def test_four_shards_make_the_site_of_one_build(five_examples: Site, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    clones = [Site(tmp_path / f"clone-{number}") for number in range(5)]
    for clone in clones:
        shutil.copytree(five_examples.root, clone.root, symlinks=True)
    merged, *shards = clones
    ran = []
    for number, shard in enumerate(shards, 1):
        result = shard.make("execute", f"SHARD={number}/4")
        assert result.returncode == 0, result.stderr
        ran.append([name.removeprefix("double_backward/").removesuffix(".py") for name in executions(result.stdout)])
        # Nothing is left for a script that runs elsewhere, and nothing is rendered.
        assert sorted(path.stem for path in shard.root.glob("docs/double_backward/*.rst")) == sorted(ran[-1])
        assert not (shard.root / "build/html").exists()
        # Without -p: the copies are younger than what they were made from.
        subprocess.run(["cp", "-r", str(shard.root / "docs/double_backward"), str(merged.root / "docs/")], check=True)
    assert ran == [["circle", "triangle"], ["line"], ["point"], ["square"]]

    result = merged.make("html", "LANGUAGES=en")
    assert (result.returncode, executions(result.stdout)) == (0, []), result.stderr
    whole = five_examples.make("html", "LANGUAGES=en")
    assert len(executions(whole.stdout)) == len(NAMES)
    assert merged.contents() == five_examples.contents()


def test_without_a_shard_everything_runs_and_is_judged(five_examples: Site) -> None:
    five_examples.edit("gallery/double_backward/line.py", "print('line'", "raise ValueError('line'")
    result = five_examples.make("execute")
    assert result.returncode != 0
    assert "gallery/double_backward/line.py:10: ValueError: " in result.stderr
    assert len(executions(result.stdout)) == len(NAMES)
    five_examples.edit("gallery/double_backward/line.py", "raise ValueError('line'", "print('line'")
    result = five_examples.make("execute")
    assert (result.returncode, executions(result.stdout)) == (0, ["double_backward/line.py"])
    assert not (five_examples.root / "build/html").exists()


def test_results_made_otherwise_are_not_taken_over(five_examples: Site) -> None:
    assert five_examples.make("execute", "SHARD=1/4").returncode == 0
    record = five_examples.root / "docs/double_backward/circle.results.json"
    record.write_text(re.sub('"made_with": "[0-9a-f]+"', '"made_with": "another torch"', record.read_text()))
    assert executions(five_examples.make("execute", "SHARD=1/4").stdout) == ["double_backward/circle.py"]


def test_every_item_is_in_one_share() -> None:
    items = list(range(11))
    shares = [example_shard.share(items, f"{number}/3") for number in (1, 2, 3)]
    assert sorted(sum(shares, [])) == items
    assert example_shard.share(items, "") == items


@pytest.mark.parametrize("shard", ["5/4", "0/4", "2", "2/", "a/b", "2/4/6"])
def test_a_wrong_shard_is_named(shard: str) -> None:
    with pytest.raises(ExtensionError, match=f"SHARD is '{shard}': expected which part of how many, such as 2/4"):
        example_shard.share([], shard)
