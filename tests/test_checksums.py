"""SHA256SUMS tells the hash of every file of the site, in the form and the order of sha256sum."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from conftest import Site, make_small_site

from sitebuild.site import checksums

SUMS = "SHA256SUMS"


def test_each_file_but_itself_is_listed_in_a_stable_order(tmp_path: Path) -> None:
    for name in ("en/b.html", "en/a.html", "en-a.html", "zh_CN/图.svg", "B.html", SUMS):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    checksums.write(tmp_path)
    names = ["B.html", "en-a.html", "en/a.html", "en/b.html", "zh_CN/图.svg"]
    lines = [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in names]
    assert (tmp_path / SUMS).read_text(encoding="utf-8") == "".join(lines)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="this system has no sha256sum")
def test_a_built_site_comes_with_the_hashes_of_all_that_is_in_it(small_site: Site) -> None:
    small_site.edit("conf.py", 'site_base_url = ""', 'site_base_url = "https://example.org"')
    result = small_site.build()
    assert result.returncode == 0, result.stderr
    html = small_site.root / "build/html"
    contents = small_site.contents()
    listed = [line.split("  ", 1)[1] for line in contents[SUMS].decode().splitlines()]
    assert {"404.html", "_headers", "index.html", "sitemap.xml", "en/double_backward/square.html"} <= set(listed)
    assert sorted(listed) == sorted(contents.keys() - {SUMS})
    # Nothing was written after it: not a policy into a page, nor a file.
    command = ["sha256sum", "--check", "--strict", "--quiet", SUMS]
    assert subprocess.run(command, cwd=html, capture_output=True, text=True, check=False).returncode == 0
    (html / "404.html").write_text("other", encoding="utf-8")
    changed = subprocess.run(command, cwd=html, capture_output=True, text=True, check=False)
    assert (changed.returncode, changed.stdout) == (1, "404.html: FAILED\n")


def test_the_date_in_the_footer_is_all_that_a_rebuild_has_to_know(tmp_path: Path, monkeypatch) -> None:
    published, rebuilt = (make_small_site(tmp_path / name) for name in ("published", "rebuilt"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert published.build().returncode == 0
    footer = published.page("en", "index").select_one(".bottom-of-page").get_text()
    date = re.search(r"Built on (\S+)", footer)[1]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime.fromisoformat(f"{date}T00:00Z").timestamp())))
    assert rebuilt.build().returncode == 0
    assert rebuilt.contents()[SUMS] == published.contents()[SUMS]
