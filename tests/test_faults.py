"""Whatever happens to a build: the last good site stays whole, and the next build recovers by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Site, command
from test_build import SCRIPT, executions

# A script that does what its first line says, and has started a process that would go on without it.
FAULTY = """
import os
import subprocess
from pathlib import Path

child = subprocess.Popen(["sleep", "600"])
Path({root!r}, "{name}.pids").write_text(f"{{os.getppid()}} {{os.getpid()}} {{child.pid}}")
{code}
"""
HANG = "while True:\n    pass"
EAT = "eaten = []\nwhile True:\n    eaten.append(b'x' * 2**20)"


@pytest.fixture
def site(built_site: Site) -> Site:
    """A site that was built once."""
    return built_site


def add_fault(site: Site, name: str, code: str) -> None:
    site.add_example(name, FAULTY.format(root=str(site.root), name=name, code=code))


def processes(site: Site, name: str) -> list[int]:
    """Of the example ``name``: the process that builds, its own, and the one it has started; waits for them."""
    wait_for(lambda: (site.root / f"{name}.pids").exists() and (site.root / f"{name}.pids").read_text())
    return list(map(int, (site.root / f"{name}.pids").read_text().split()))


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(process: int) -> bool:
    """Whether a process exists and is more than an entry that nobody has asked about."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def start(site: Site, command: list[str]) -> subprocess.Popen[str]:
    """Start ``command`` as a terminal would: in a process group of its own."""
    return subprocess.Popen(
        command, cwd=site.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def recover(site: Site, name: str, code: str) -> None:
    """Mend the example ``name``; a plain build has to succeed and show it."""
    site.edit(f"gallery/double_backward/{name}.py", code, "child.kill()\nprint('mended', child.wait())")
    result = site.build()
    assert result.returncode == 0, result.stderr
    assert "mended -9" in site.page("en", f"double_backward/{name}").get_text()


def test_ctrl_c_ends_everything_with_few_words(site: Site) -> None:
    before = site.contents()
    add_fault(site, "hangs", HANG)
    build = start(site, site.make_command("html", "LANGUAGES=en"))
    involved = processes(site, "hangs")
    os.killpg(build.pid, signal.SIGINT)
    output, errors = build.communicate(timeout=30)
    assert build.returncode != 0
    assert "Interrupted. The last finished site is still in place." in errors
    assert "Traceback" not in output + errors
    wait_for(lambda: not any(map(is_running, involved)), seconds=5)
    assert site.contents() == before
    recover(site, "hangs", HANG)


@pytest.mark.parametrize("victim", ["build_site", "sphinx-build"])
def test_a_killed_builder_takes_its_examples_with_it(site: Site, victim: str) -> None:
    before = site.contents()
    add_fault(site, "hangs", HANG)
    build = start(site, command("build_site", "--languages", "en"))
    involved = processes(site, "hangs")
    os.kill({"build_site": build.pid, "sphinx-build": involved[0]}[victim], signal.SIGKILL)
    _output, errors = build.communicate(timeout=30)
    wait_for(lambda: not any(map(is_running, involved)), seconds=5)
    assert errors == "" if victim == "build_site" else "sphinx-build was ended by SIGKILL" in errors
    assert site.contents() == before
    recover(site, "hangs", HANG)


def test_a_script_beyond_a_limit_is_ended_with_all_that_it_started(site: Site) -> None:
    before = site.contents()
    site.edit("conf.py", "example_time_limit = 120", "example_time_limit = 15")
    site.edit("conf.py", "example_memory_limit = 4", "example_memory_limit = 1")
    faults = {
        "hangs": (
            HANG,
            "it ran for more than 15 s and was ended; make it shorter, or raise example_time_limit in conf.py",
        ),
        "eats": (
            EAT,
            "it held more than 1 GiB of memory and was ended; make it smaller, or raise example_memory_limit in conf.py",
        ),
    }
    for name, (code, _message) in faults.items():
        add_fault(site, name, code)
    result = site.build()
    assert result.returncode == 1
    told = [line.strip() for line in result.stderr.splitlines() if line.startswith("  gallery/")]
    assert sorted(told) == sorted(
        f"gallery/double_backward/{name}.py: {message}" for name, (_code, message) in faults.items()
    )
    for name in faults:
        assert not any(map(is_running, processes(site, name)))
    assert site.contents() == before
    site.edit("gallery/double_backward/eats.py", EAT, "child.kill()")
    recover(site, "hangs", HANG)


# A process in a session of its own: ending the group of the script does not reach it.
LEFT_BEHIND = """
import os
import subprocess
from pathlib import Path

child = subprocess.Popen(["sleep", "900"], start_new_session=True)
Path({root!r}, "left.pids").write_text(f"{{os.getppid()}} {{os.getpid()}} {{child.pid}}")
{code}
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells what a process has started")
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print('done')", ""),
        ("os._exit(3)", "gallery/double_backward/left.py: it left with status 3 before its end"),
        ("os.kill(os.getpid(), 11)", "gallery/double_backward/left.py: it was ended by SIGSEGV"),
        (HANG, "gallery/double_backward/left.py: it ran for more than 15 s and was ended"),
    ],
    ids=["ends", "exits", "crashes", "hangs"],
)
def test_a_process_that_outlives_its_script_is_ended_and_named(site: Site, code: str, told: str) -> None:
    site.edit("conf.py", "example_time_limit = 120", "example_time_limit = 15")
    site.add_example("left", LEFT_BEHIND.format(root=str(site.root), code=code))
    build = start(site, command("build_site", "--languages", "en"))
    output, errors = build.communicate(timeout=60)  # both end only when nobody holds them any more
    assert told in errors if told else build.returncode == 0, errors
    if code != HANG:  # the limit ends everything, and names the script
        assert "gallery/double_backward/left.py left 'sleep 900' running; it was ended" in output
    assert not any(map(is_running, processes(site, "left")))


def test_shared_memory_is_counted_once(site: Site) -> None:
    site.edit("conf.py", "example_memory_limit = 4", "example_memory_limit = 1.5")
    code = (
        "import os, random, time\n\nshared = bytearray(random.Random(0).randbytes(2**20) * 600)\n"
        "for _ in range(4):\n    if os.fork() == 0:\n        sum(shared[:: 4096])\n        time.sleep(3)\n        os._exit(0)\n"
        "for _ in range(4):\n    os.wait()\n"
    )
    site.add_example("forks", code)
    result = site.build()
    assert result.returncode == 0, result.stderr


def test_what_a_script_writes_to_descriptors_cannot_hide_an_error(site: Site) -> None:
    code = 'import os\n\nos.write(2, b"\\xff\\x1b[2J")\nos.write(1, b"\\x1b]0;title\\x07")\n'
    site.add_example("writes", code + 'raise ValueError("\\x1b[2J" + "long " * 10000)\n')
    result = site.build()
    assert result.returncode == 1
    (line,) = [line for line in result.stderr.splitlines() if "writes.py" in line]
    assert r"gallery/double_backward/writes.py:12: ValueError: \x1b[2Jlong long" in line
    assert len(line) < 700
    assert "\x1b" not in result.stdout + result.stderr
    assert "JOBS" not in result.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """A file system of its own for ``build/``; call it with a size to change that."""
    folder = tmp_path / "site" / "build"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system can only be mounted by root")
    yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_named(small_disk: Callable[[str], None], site: Site) -> None:
    site.edit(SCRIPT, '"result"', '"outcome"')
    before = site.contents()
    for free in (0, 300_000, 900_000):  # full while a script runs, while pages are written, and later
        shutil.rmtree(site.root / "build/stages/html", ignore_errors=True)
        used = shutil.disk_usage(site.root / "build").used
        small_disk(str(used + free))
        result = site.build()
        assert result.returncode == 1
        assert "The disk is full: make room on it and run the command again." in result.stderr
        assert "Traceback" not in result.stderr
        assert site.contents() == before
    small_disk("200m")
    result = site.build()
    assert result.returncode == 0, result.stderr
    assert "outcome True" in site.page("en", "double_backward/square").get_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_full_disk_is_named_where_nothing_can_be_mounted(site: Site) -> None:
    before = site.contents()
    site.edit("docs/index.rst", "A site with", "The site with")
    log = site.root / "build/stages/html-en.log"
    log.unlink()
    log.symlink_to("/dev/full")
    result = site.build()
    assert result.returncode == 1
    assert result.stderr.startswith("The disk is full: make room on it and run the command again.\n")
    assert "Traceback" not in result.stderr
    assert site.contents() == before
    log.unlink()
    assert site.build().returncode == 0


def test_a_crash_of_dot_leaves_the_site(site: Site, tmp_path: Path, monkeypatch) -> None:
    before = site.contents()
    site.edit(SCRIPT, '"out": out', '"result": out')
    real = shutil.which("dot")
    fake = tmp_path / "bin" / "dot"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\n[ "$1" = -V ] && exec {real} -V\nkill -SEGV $$\n')
    fake.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
        result = site.build()
    assert result.returncode == 1
    assert "gallery/double_backward/square.py: graph square.graph-2.json was not drawn" in result.stderr
    assert "'dot' was ended by SIGSEGV" in result.stderr
    assert site.contents() == before
    assert site.build().returncode == 0
    assert site.contents() != before


# Files that a build reads again. Damage to the first ones does not mean that the example has to run.
CACHES = (
    "build/stages/fingerprint",
    "build/stages/doctrees/graphs/*.svg",
    "build/stages/doctrees/en/double_backward/square.doctree",
    "build/stages/doctrees/en/environment.pickle",
    "docs/double_backward/.generated",
    "docs/double_backward/index.rst",
)
RESULTS = (
    "docs/double_backward/square.py.md5",
    "docs/double_backward/square.results.json",
    "docs/double_backward/square.graph-2.json",
    "docs/double_backward/square.checks.json",
    "docs/double_backward/square.rst",
)


def damage(path: Path, number: int) -> None:
    """Cut ``path`` short, or write nonsense into it; its date stays."""
    status, content = path.stat(), path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[: len(content) // 2] if number % 2 else b"\xff\x00nonsense")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("half", [0, 1], ids=["some cut short", "others cut short"])
def test_damaged_caches_are_made_again(site: Site, half: int) -> None:
    before = site.contents()
    for number, pattern in enumerate(CACHES):
        (path,) = site.root.glob(pattern)
        damage(path, number + half)
    site.write("docs/index.rst", (site.root / "docs/index.rst").read_text() + "\n")  # something to do
    result = site.build()
    assert result.returncode == 0, result.stderr
    assert executions(result.stdout) == []
    assert site.contents() == before


def test_damaged_results_are_made_again(site: Site) -> None:
    before = site.contents()
    for number, name in enumerate(RESULTS):
        damage(site.root / name, number)
        result = site.build()
        assert result.returncode == 0, f"{name}: {result.stderr}"
        assert executions(result.stdout) == ["double_backward/square.py"], name
    assert site.contents() == before


def test_damaged_translations_are_compiled_again(small_site: Site) -> None:
    message = 'msgid "Small site"\nmsgstr "Kleine Seite"\n'
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    small_site.write("docs/locale/de/LC_MESSAGES/index.po", head + message)
    for number in range(2):
        # As Sphinx would find it after a build that something else has damaged.
        compiled = small_site.root / "docs/locale/de/LC_MESSAGES/index.mo"
        compiled.write_bytes(b"\xde\x12\x04\x95" * 8)
        damage(compiled, number)
        os.utime(compiled)
        small_site.write("docs/index.rst", (small_site.root / "docs/index.rst").read_text() + "\n")
        result = small_site.build("en de", "--draft")
        assert result.returncode == 0, result.stderr
        assert small_site.page("de", "index").h1.get_text() == "Kleine Seite"


def test_two_builds_at_once_take_turns(site: Site) -> None:
    site.edit(SCRIPT, '"result"', '"outcome"')
    builds = [start(site, site.make_command("html", "LANGUAGES=en")) for _ in range(2)]
    outputs = [build.communicate(timeout=120) for build in builds]
    assert [build.returncode for build in builds] == [0, 0], outputs
    printed = "".join(output for output, _errors in outputs)
    assert "Waiting for another build in this checkout to end" in printed
    assert executions(printed) == ["double_backward/square.py"]
    assert "Nothing has changed" in printed
    assert "outcome True" in site.page("en", "double_backward/square").get_text()


def test_clean_waits_for_a_build(site: Site) -> None:
    code = "import time\n\ntime.sleep(4)\nprint('slept')\n"
    site.add_example("sleeps", code)
    build = start(site, site.make_command("html", "LANGUAGES=en"))
    assert build.stdout is not None
    first = ""
    while "sleeps.py" not in first:
        first += build.stdout.readline()
    cleaned = site.make("clean")
    again = start(site, site.make_command("html", "LANGUAGES=en"))
    output, errors = build.communicate(timeout=120)
    assert build.returncode == 0, errors
    assert "The site is in build/html" in output
    assert cleaned.returncode == 0, cleaned.stderr
    assert "Waiting for another build in this checkout to end" in cleaned.stdout
    output, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    assert sorted(executions(output)) == ["double_backward/sleeps.py", "double_backward/square.py"]


def test_clean_removes_what_builds_made_and_nothing_else(site: Site, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_text("mine")
    shutil.rmtree(site.root / "build")
    (site.root / "build").symlink_to(tmp_path / "precious")
    (site.root / "docs/own").mkdir()
    (site.root / "docs/own/page.rst").write_text("Mine\n====\n")
    result = site.make("clean", f"CHAPTERS={tmp_path}/precious", f"VENV={tmp_path}/precious")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "precious/file").read_text() == "mine"
    assert (site.root / "docs/own/page.rst").exists()
    assert not (site.root / "docs/double_backward").exists()
    assert not (site.root / "build").is_symlink()
    assert site.make("clean").returncode == 0  # nothing left to remove


def test_a_site_can_be_read_whatever_the_umask(small_site: Site) -> None:
    for path in [small_site.root, *small_site.root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)
    before = os.umask(0o077)
    try:
        result = small_site.build()
    finally:
        os.umask(before)
    assert result.returncode == 0, result.stderr
    site = small_site.root / "build/html"
    modes = {path.stat().st_mode & 0o777 for path in site.rglob("*") if path.is_file()}
    assert modes == {0o644}
    assert {path.stat().st_mode & 0o777 for path in [site, *site.rglob("*")] if path.is_dir()} == {0o755}


def test_a_script_that_prints_too_much_is_named(site: Site) -> None:
    before = site.contents()
    site.add_example("talks", "print('0123456789' * 5_000_000)\n")
    result = site.build()
    assert result.returncode == 1
    (line,) = [line.strip() for line in result.stderr.splitlines() if "talks.py" in line]
    assert line.startswith("gallery/double_backward/talks.py: what it prints makes its page 50,0")
    assert line.endswith("and 50,000 are allowed; print less, or raise example_output_limit in conf.py")
    assert site.contents() == before
    # As much as is allowed is no fault.
    site.edit("gallery/double_backward/talks.py", "5_000_000", "4_500")
    assert site.build().returncode == 0


def test_a_build_needs_no_network(small_site: Site, monkeypatch) -> None:
    isolate = ["unshare", "--net"]
    if not shutil.which("unshare") or subprocess.run([*isolate, "true"], capture_output=True, check=False).returncode:
        isolate = []
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    command = [*isolate, *small_site.make_command("html", "LANGUAGES=en")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert small_site.page("en", "index").h1


def test_a_build_that_is_killed_at_any_moment_leaves_a_whole_site(site: Site) -> None:
    before = site.contents()
    site.edit(SCRIPT, '"result"', '"outcome"')
    for delay in (0.3, 1.2, 2.4, 3.0, 3.6):
        build = start(site, command("build_site", "--languages", "en"))
        time.sleep(delay)
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
        pages = {name: text for name, text in site.contents().items() if "square.html" in name}
        shown = [word for word in (b"result True", b"outcome True") if word in pages["en/double_backward/square.html"]]
        assert len(shown) == 1 and len(site.contents()) >= len(before)
    assert site.build().returncode == 0
    assert "outcome True" in site.page("en", "double_backward/square").get_text()
