"""The same sources give the same bytes, wherever, whenever and on however many cores they are built."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, Site, make_small_site

SUMS = "SHA256SUMS"
# Output that was measured; what stands between its first and last tag may differ.
MEASURED = re.compile(rb'(<div class="(?:[^"]* )?measured(?: [^"]*)?"[^>]*><div[^>]*><pre[^>]*>).*?(</pre></div>)', re.DOTALL)


def build(site: Site, languages: str, jobs: int, cores: set[int]) -> dict[str, bytes]:
    """Build ``site`` from nothing on ``cores``; return the files of the result."""
    allowed = os.sched_getaffinity(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "86400")
        patch.setenv("JOBS", str(jobs))
        os.sched_setaffinity(0, cores)  # of this process, for those that it starts
        try:
            result = site.build(languages, "--draft")
        finally:
            os.sched_setaffinity(0, allowed)
    assert result.returncode == 0, result.stderr
    files = site.contents()
    assert hashes_of(files) == {name: hashlib.sha256(file).hexdigest() for name, file in files.items() if name != SUMS}
    return files


def hashes_of(files: dict[str, bytes]) -> dict[str, str]:
    """What the list of hashes says of each file."""
    return {name: known for known, name in (line.split("  ", 1) for line in files[SUMS].decode().splitlines())}


def build_twice(first: Site, second: Site, languages: str) -> set[str]:
    """Build two equal sites under unequal conditions and compare all bytes; return where they were measured."""
    cores = os.sched_getaffinity(0)
    one = build(first, languages, jobs=1, cores={min(cores)})
    for path in second.root.rglob("*"):
        if path.is_file() and not path.is_relative_to(second.root / ".venv"):
            os.utime(path, (1_000_000_000, 1_000_000_000))  # as old as another checkout may be
    other = build(second, languages, jobs=len(cores) + 1, cores=cores)
    measured = {name for name, content in one.items() if MEASURED.search(content)}
    print("Left out of the comparison, because they are measured:", *sorted(measured), sep="\n  ")
    assert one.keys() == other.keys()
    here, there = hashes_of(one), hashes_of(other)
    # So the list differs for these pages alone, as docs/hosting.rst says.
    assert {name for name in here if here[name] != there[name]} <= measured
    del one[SUMS], other[SUMS]
    blank = {name: (MEASURED.sub(rb"\1\2", one[name]), MEASURED.sub(rb"\1\2", other[name])) for name in one}
    assert [name for name, (here, there) in blank.items() if here != there] == []
    return measured


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to cores")
def test_a_small_site_is_the_same_everywhere(tmp_path: Path) -> None:
    sites = [make_small_site(tmp_path / name) for name in ("one", "a-longer-name/other")]
    for site in sites:
        site.add_example("clock", "from time import perf_counter\n\nprint(perf_counter())\n")
        site.add_example("sets", "print(len({str(number) for number in range(9)}))\n")
    measured = build_twice(*sites, languages="en de")
    assert measured == {f"{language}/double_backward/clock.html" for language in ("en", "de")}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to cores")
def test_the_site_is_the_same_everywhere(tmp_path: Path) -> None:
    sites = [Site(tmp_path / name) for name in ("one", "a-longer-name/other")]
    generated = [path.parent.name for path in PROJECT.glob("docs/*/.generated")]
    leave_out = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", "*.mo", *generated)
    for site in sites:
        shutil.copytree(PROJECT, site.root, ignore=leave_out)
        # ignore_patterns knows names alone: the chapters' scripts are named like their generated pages.
        shutil.copytree(PROJECT / "gallery", site.root / "gallery", dirs_exist_ok=True)
        (site.root / ".venv").symlink_to(sys.prefix)
    measured = build_twice(*sites, languages="en zh_CN")
    assert measured == {
        f"{language}/{page}.html"
        for language in ("en", "zh_CN")
        for page in (
            "conv_bn_fusion/peak_and_time",
            "field_guide/cost_of_apply",
            "field_guide/penalty_cost",
            "field_guide/recompute_or_save",
        )
    }
