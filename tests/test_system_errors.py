"""What the system refuses, for reasons that people can mend, is told in one line with the file; mistakes in our code are not."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from conftest import Site
from test_faults import site, small_disk  # noqa: F401 - fixtures

from sitebuild.examples.build_error import BuildError, exit_status

TOLD = {
    errno.EROFS: "it cannot be written to",
    errno.EACCES: "change its owner or its rights",
    errno.EPERM: "change its owner or its rights",
    errno.EMFILE: "ulimit -n",
    errno.ENAMETOOLONG: "shorter",
}


def raising(error: Exception) -> Callable[[list[str]], None]:
    def command(arguments: list[str]) -> None:
        raise error

    return command


@pytest.mark.parametrize("number", TOLD, ids=errno.errorcode.get)
def test_what_people_cause_takes_one_line(capsys, number: int) -> None:
    assert exit_status(raising(OSError(number, os.strerror(number), "/a/file")), []) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"/a/file: {os.strerror(number)}: ") and TOLD[number] in told
    assert told.count("\n") == 1
    assert exit_status(raising(OSError(number, os.strerror(number))), []) == 1
    assert capsys.readouterr().err.startswith(f"{os.strerror(number)}: ")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_full_disk_is_told_with_the_file(capsys, number: int) -> None:
    assert exit_status(raising(OSError(number, os.strerror(number), "/a/file")), []) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "The disk is full: make room on it and run the command again."
    assert second == f"/a/file: {os.strerror(number)}"


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EISDIR, errno.EINVAL, errno.EBADF], ids=errno.errorcode.get)
def test_what_only_a_mistake_causes_stays_a_traceback(number: int) -> None:
    with pytest.raises(OSError):
        exit_status(raising(OSError(number, os.strerror(number), "/a/file")), [])


def test_a_build_error_is_told_as_it_is(capsys) -> None:
    assert exit_status(raising(BuildError("gallery/a/b.py: it was ended")), []) == 1
    assert capsys.readouterr().err == "gallery/a/b.py: it was ended\n"


@pytest.fixture
def read_only(site: Site) -> Iterator[Callable[[str], None]]:  # noqa: F811
    """Call it with a folder of the site to make that read-only."""
    if not shutil.which("mount"):
        pytest.skip("a folder can only be mounted by root")
    mounted: list[str] = []

    def mount(name: str) -> None:
        folder = str(site.root / name)
        for options in (["--bind", folder, folder], ["-o", "remount,bind,ro", folder]):
            if subprocess.run(["mount", *options], capture_output=True, check=False).returncode != 0:
                pytest.skip("a folder can only be mounted by root")
            mounted.append(folder)

    yield mount
    for folder in set(mounted):
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_read_only_disk_is_named(small_disk: Callable[[str], None], site: Site) -> None:  # noqa: F811
    before = site.contents()
    site.edit("docs/index.rst", "A site with", "The site with")
    small_disk("200m,ro")
    result = site.build()
    small_disk("200m,rw")
    assert result.returncode == 1
    reason = os.strerror(errno.EROFS)
    assert re.match(rf"{re.escape(str(site.root))}/build/stages/[\w/-]+: {reason}: ", result.stderr)
    assert result.stderr.count("\n") == 1
    assert site.contents() == before
    assert site.build().returncode == 0


def test_read_only_results_are_named(read_only: Callable[[str], None], site: Site) -> None:  # noqa: F811
    read_only("docs/double_backward")
    site.edit("docs/index.rst", "A site with", "The site with")
    result = site.build()
    assert result.returncode == 1
    told = result.stderr.splitlines()
    assert told[0].endswith("work in a copy elsewhere, or mount its disk for writing")
    assert f"{os.strerror(errno.EROFS)}: '{site.root}/docs/double_backward/" in result.stderr
    assert "Traceback" not in result.stderr
