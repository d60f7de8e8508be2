"""Examples run beside each other, each in its own process, and leave whole results or none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Site

from sitebuild.times import observer as time_observer

# Notes when a script begins and ends; long enough for another one to begin in between.
TRACED = """
import os
import time


def note(what):
    with open({trace!r}, "a") as trace:
        trace.write(f"{{what}} {name}\\n")


note("begin")
{sleep}
note("end")
"""
SLEEP = "import subprocess; subprocess.run(['sleep', '0.5'])"
# Waits until a second script has begun, however busy the machine is.
MEET = """
for _ in range(300):
    if open({trace!r}).read().count("begin") > 1:
        break
    time.sleep(0.1)
"""


def add_traced(site: Site, names: list[str], sleep: str = SLEEP) -> Path:
    """Add scripts that write down when they begin and end; return the file in which they do."""
    trace = site.root / "trace"
    for name in names:
        sleeping = sleep.format(trace=str(trace))
        site.add_example(name, TRACED.format(trace=str(trace), name=name, sleep=sleeping))
    return trace


def most_at_once(trace: Path) -> int:
    running = most = 0
    for line in trace.read_text().splitlines():
        running += 1 if line.startswith("begin") else -1
        most = max(most, running)
    return most


def test_one_at_a_time_if_so_told(fresh_site: Site, monkeypatch) -> None:
    trace = add_traced(fresh_site, ["first", "second", "third"])
    monkeypatch.setenv("JOBS", "1")
    result = fresh_site.build()
    assert result.returncode == 0, result.stderr
    assert most_at_once(trace) == 1
    assert len(re.findall(r"running \d/4  double_backward/", result.stdout)) == 4


def test_several_at_once_but_those_with_a_clock_alone_and_last(small_site: Site, monkeypatch) -> None:
    trace = add_traced(small_site, ["a_clock", "b_clock"], "start = time.perf_counter(); " + SLEEP)
    add_traced(small_site, ["first", "second", "third"], MEET)
    monkeypatch.setenv("JOBS", "2")
    assert small_site.build().returncode == 0
    assert most_at_once(trace) == 2
    assert trace.read_text().splitlines()[-4:] == ["begin a_clock", "end a_clock", "begin b_clock", "end b_clock"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from time import perf_counter", True),
        ("from time import monotonic as now", True),
        ("import time\nstart = time.time()", True),
        ("import time\ntime.sleep(1)", False),
        ("# time.perf_counter", False),
        ("time = 3\nprint(time)", False),
        ("this is no Python", False),
    ],
)
def test_clocks_are_found_in_the_text(source: str, expected: bool) -> None:
    assert time_observer.mentions_clock(source) is expected


def test_a_wrong_number_of_jobs_is_named(small_site: Site, monkeypatch) -> None:
    monkeypatch.setenv("JOBS", "many")
    result = small_site.build()
    assert result.returncode == 1
    assert "JOBS is 'many': expected the number of processes that may run at once, such as 2" in result.stderr


def test_an_example_has_one_thread_whatever_the_environment_says(small_site: Site, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    small_site.add_example("threads", 'import torch\n\nprint("threads:", torch.get_num_threads())\n')
    assert small_site.build().returncode == 0
    assert "threads: 1" in small_site.page("en", "double_backward/threads").get_text()


def test_scripts_that_do_not_come_to_their_end_are_named(fresh_site: Site) -> None:
    faults = {
        "exits": ("raise SystemExit(3)", "exits.py:8: SystemExit: 3"),
        "vanishes": ("import os; os._exit(0)", "vanishes.py: it left with status 0 before its end"),
        "crashes": ("import os; os.kill(os.getpid(), 11)", "crashes.py: it was ended by SIGSEGV"),
        "misspells": ("this is no Python", "misspells.py:8: SyntaxError: invalid syntax"),
        "misses": ("import no_such_module", "misses.py:8: ModuleNotFoundError: No module named 'no_such_module'"),
    }
    for name, (code, _message) in faults.items():
        fresh_site.add_example(name, f"{code}\n")
    result = fresh_site.build()
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    told = [line.strip() for line in result.stderr.splitlines() if line.startswith("  gallery/")]
    assert sorted(told) == sorted(f"gallery/double_backward/{message}" for _code, message in faults.values())
    # Nothing half done is left, and what is sound is kept.
    assert [path.name for path in fresh_site.root.glob("docs/double_backward/*.rst")] == ["square.rst"]

    for name, (code, _message) in faults.items():
        fresh_site.edit(f"gallery/double_backward/{name}.py", code, "print(2)")
    result = fresh_site.build()
    assert result.returncode == 0, result.stderr
    assert sorted(re.findall(r"running \S+  double_backward/(\w+)", result.stdout)) == sorted(faults)


def test_an_edit_of_a_script_that_ran_asks_for_another_build(small_site: Site, monkeypatch) -> None:
    monkeypatch.setenv("JOBS", "1")  # by name: first the square, then the writer
    script = small_site.root / "gallery/double_backward/square.py"
    small_site.add_example("writer", f'with open({str(script)!r}, "a") as script:\n    script.write("# late\\n")\n')
    result = small_site.build()
    assert result.returncode == 1
    assert "square.py: it was edited while the site was built; build again" in result.stderr
    small_site.edit("gallery/double_backward/writer.py", 'script.write("# late\\n")', "pass")
    assert small_site.build().returncode == 0


def test_the_record_of_a_script_names_all_its_results(small_site: Site) -> None:
    assert small_site.build().returncode == 0
    folder = small_site.root / "docs/double_backward"
    record = json.loads((folder / "square.results.json").read_text())
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*square*")}
    assert set(record["files"]) == left - {"square.results.json", "square.py.md5"}
    assert {"square.rst", "square.checks.json", "square.graph-2.json"} < set(record["files"])
