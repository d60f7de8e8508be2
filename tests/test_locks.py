"""Everything that is installed is pinned with hashes, and a further index can bring PyTorch and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

from sitebuild.commands import system_requirements

sys.path.insert(0, str(PROJECT / "locks"))
import check_locks
import lock_file
import write_locks

LOCKS = {name: (PROJECT / "locks" / f"{name}.txt") for name in ("build", "torch", "site", "tests", "tool")}
FURTHER = "https://index.example/cpu"
NVIDIA = ("nvidia-", "cuda-")


def packages(name: str) -> dict[str, str]:
    """Blocks of a lock file by the name of the package."""
    return dict(lock_file.blocks(LOCKS[name].read_text(encoding="utf-8")))


def installs(*arguments: str) -> list[str]:
    """The calls of ``pip install`` that make would start in a fresh clone."""
    command = ["make", "--dry-run", "--always-make", f"--directory={PROJECT}", *arguments]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.findall(r"pip install [^|&\n]*", printed.replace("\\\n", " "))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_each_package_with_hashes_and_names_no_place(name: str) -> None:
    assert packages(name)
    for package, block in packages(name).items():
        first, *hashes = block.splitlines()
        assert re.fullmatch(rf"{re.escape(package)}==[0-9][0-9A-Za-z.]*( ; [^\\]+)? \\", first), first
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line) for line in hashes) and hashes, package
    text = LOCKS[name].read_text(encoding="utf-8")
    assert not re.search(r"://|--(?!hash=)\w|(?<![\w.])/\w", text)


def test_what_depends_on_the_build_of_pytorch_is_in_its_own_lock() -> None:
    assert "torch" in packages("torch")
    assert all(name == "torch" or name.startswith(NVIDIA) for name in packages("torch"))
    for other in ("site", "tests"):
        assert not [name for name in packages(other) if name == "torch" or name.startswith(NVIDIA)]
    assert {"sympy", "filelock", "networkx"} <= packages("site").keys()  # PyTorch needs these everywhere


def test_the_tests_are_locked_to_the_versions_of_the_site() -> None:
    site, tests = packages("site"), packages("tests")
    shared = site.keys() & tests.keys()
    assert "numpy" in site and "soupsieve" in shared
    assert {name: tests[name] for name in shared} == {name: site[name] for name in shared}


def test_the_locks_begin_with_the_python_that_make_asks_for() -> None:
    assert write_locks.OLDEST_PYTHON == ".".join(map(str, system_requirements.OLDEST_PYTHON))


def test_pytorch_is_split_off() -> None:
    text = (
        "# head\nnumpy==2.4.6 \\\n    --hash=sha256:aa\n"
        "nvidia-cublas==13.1 ; sys_platform == 'linux' \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
        "setuptools==84.2.1 \\\n    --hash=sha256:ff\ntorch==2.13.0 \\\n    --hash=sha256:dd\ntorchviz==0.0.3 \\\n    --hash=sha256:ee\n"
    )
    builders, torch, rest = write_locks.split_site(text)
    assert [name for name, _block in builders] == ["setuptools"]
    assert [name for name, _block in torch] == ["nvidia-cublas", "torch"]
    assert torch[0][1].endswith("--hash=sha256:cc\n")
    assert [name for name, _block in rest] == ["numpy", "torchviz"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The requirements and their locks."""
    for folder in ("tests", "locks"):
        (tmp_path / folder).mkdir()
    for name in ("requirements.txt", "tests/requirements.txt", "locks/requirements.txt"):
        shutil.copy(PROJECT / name, tmp_path / name)
    for path in LOCKS.values():
        shutil.copy(path, tmp_path / "locks")
    return tmp_path


def test_the_locks_are_those_of_the_requirements() -> None:
    assert check_locks.find_outdated(PROJECT) == []


@pytest.mark.parametrize(
    ("requirements", "locks"),
    [
        ("requirements.txt", ["locks/build.txt", "locks/torch.txt", "locks/site.txt"]),
        ("tests/requirements.txt", ["locks/tests.txt"]),
        ("locks/requirements.txt", ["locks/tool.txt"]),
    ],
)
def test_requirements_that_were_not_locked_are_noticed(copy: Path, requirements: str, locks: list[str]) -> None:
    path = copy / requirements
    path.write_text("# Another reason.\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert check_locks.find_outdated(copy) == []
    path.write_text(path.read_text(encoding="utf-8") + "six==1.17.0\n", encoding="utf-8")
    assert check_locks.find_outdated(copy) == [
        f"{lock}: {requirements} has changed since this file was written from it; run 'make lock'" for lock in locks
    ]
    (copy / locks[0]).unlink()
    assert check_locks.find_outdated(copy)[0] == f"{locks[0]}: this file is missing; run 'make lock'"


def test_everything_is_installed_by_hash() -> None:
    calls = installs("test")
    assert [call for call in calls if "locks/tests.txt" in call]
    for call in calls:
        # A wheel of the CPU build that pip finds without any index, or hashes.
        assert "--require-hashes" in call or ("--no-index" in call and "torch==" in call), call
        # What builds a package that has no wheel is pinned, too: pip may not fetch it by itself.
        assert "--no-build-isolation" in call and "extra-index" not in call, call


def test_a_further_index_brings_pytorch_and_nothing_else() -> None:
    calls = installs("test", f"EXTRA_INDEX_URL={FURTHER}")
    further = '--index-url "$EXTRA_INDEX_URL"'  # whose value no shell reads
    named = [call for call in calls if further in call]
    assert len(named) == 1
    assert "--no-deps" in named[0]
    assert re.findall(r"\S+==\S+", named[0]) == [f"torch=={packages('torch')['torch'].split()[0].split('==')[1]}"]
    assert "--requirement" not in named[0]
    assert [call for call in calls if "locks/site.txt" in call]
    assert not [call for call in calls if "locks/torch.txt" in call]
    for call in calls:
        assert (further in call) != ("--require-hashes" in call), call
