"""A new version that changes a page is noticed, and only such a one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from conftest import PROJECT, Site

sys.path.insert(0, str(PROJECT / "benchmarks" / "upgrade"))
import result_changes
import upgrade_check


def test_what_is_pinned_is_asked_for_without_a_version() -> None:
    text = "# why\ntorch==2.13.0  # subject\npagefind[extended]==1.5.2\n\nscipy==1.17.1\nninja==1.2; os_name == 'posix'\n"
    assert upgrade_check.newest(text, ["scipy"]) == [
        "torch",
        "pagefind[extended]",
        "scipy==1.17.1",
        "ninja; os_name == 'posix'",
    ]


def test_a_further_index_brings_pytorch_and_nothing_else() -> None:
    wanted = ["torch", "torchviz", "torch-like", "scipy==1.17.1"]
    assert upgrade_check.installations(wanted, "") == [wanted]
    assert upgrade_check.installations(wanted, "https://index.example/cpu") == [
        ["--no-deps", "--index-url", "https://index.example/cpu", "torch"],
        wanted,
    ]


def test_changed_results_are_named_and_measured_ones_are_not(small_site: Site, tmp_path: Path) -> None:
    small_site.write(
        "gallery/double_backward/square.py",
        (small_site.root / "gallery/double_backward/square.py").read_text(encoding="utf-8")
        + "\n# %%\n# Time.\n\nfrom time import perf_counter\n\nprint(perf_counter())\n",
    )
    assert small_site.build().returncode == 0
    before = tmp_path / "before"
    shutil.copytree(small_site.root / "docs", before)
    small_site.edit("gallery/double_backward/square.py", "x**2", "x*x")
    result = small_site.build()
    assert "running 1/1" in result.stdout, result.stdout + result.stderr
    changes = result_changes.compare(before, small_site.root / "docs")
    assert set(changes) == {"double_backward/square.rst"}
    assert any("x*x" in line for line in changes["double_backward/square.rst"])
    graph = next((small_site.root / "docs/double_backward").glob("square.graph-*.json"))
    graph.write_text(graph.read_text(encoding="utf-8").replace("SquareBackward", "OtherBackward"), encoding="utf-8")
    changes = result_changes.compare(before, small_site.root / "docs")
    assert any("OtherBackward" in line for line in changes[f"double_backward/{graph.name}"])
