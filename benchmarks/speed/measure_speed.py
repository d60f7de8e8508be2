"""Measures how long builds take, of this site and of synthetic ones, and writes docs/build_speed.json.

The page "How fast the build is" shows that file, with its date and machine.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import synthetic_gallery
from timed_command import Timed, run

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "docs" / "_ext"))

from sitebuild.definitions.chapter_files import completed  # noqa: E402

RESULTS = PROJECT / "docs" / "build_speed.json"
LANGUAGES = "en zh_CN"
SIZES = (50, 200, 800)
BUILD = [sys.executable, "-m", "sitebuild.commands.build_site"]


def build(root: Path, languages: str = "en", **environment: str) -> Timed:
    """Build the site in ``root``, as ``make html`` does."""
    command = [*BUILD, "--languages", languages]
    return run(command, root, PYTHONPATH="docs/_ext", **environment)


def forget(root: Path) -> None:
    """Remove all results of earlier builds, as ``make clean`` does."""
    shutil.rmtree(root / "build", ignore_errors=True)
    for chapter in (path.name for path in (root / "gallery").iterdir()):
        shutil.rmtree(root / "docs" / chapter, ignore_errors=True)


def append(path: Path, text: str) -> None:
    """Add ``text`` at the end of a file."""
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def copy_project(root: Path) -> None:
    """Copy the files of the project that are under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, root / name)


def change_translation(catalogue: Path) -> None:
    """Put one more character into the first translation of a catalogue."""
    text = catalogue.read_text(encoding="utf-8")
    changed, count = re.subn(r'(\nmsgstr "[^"\n]+)"', r'\1！"', text, count=1)
    if count != 1:
        raise RuntimeError(f"{catalogue} holds no translation of one line")
    catalogue.write_text(changed, encoding="utf-8")


def complete_copy(script: Path) -> Path:
    """A copy of ``script``, outside the gallery, that runs by itself, as readers download it."""
    path = script.parents[2] / "alone" / script.parent.name / script.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(completed(script), encoding="utf-8")
    return path


def measure_this_site(root: Path) -> dict[str, dict[str, float]]:
    """Time builds of this site.

    Parameters
    ----------
    root : Path
        Folder for a copy of the project.

    Returns
    -------
    dict
        For each kind of build its "seconds", and how many examples it "executed".
    """
    copy_project(root)
    scripts = sorted(root.glob("gallery/*/*.py"))
    alone = [complete_copy(script) for script in scripts]
    one_thread = {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    bare = sum(run([sys.executable, str(script)], root, **one_thread).seconds for script in alone)
    results = {"bare": {"seconds": bare, "executed": len(scripts)}}

    def note(kind: str, timed: Timed) -> None:
        results[kind] = {"seconds": timed.seconds, "executed": timed.executed}

    note("first", build(root, "en"))
    forget(root)
    note("cold", build(root, LANGUAGES))
    note("unchanged", build(root, LANGUAGES))
    append(scripts[0], "\n")
    note("script", build(root, LANGUAGES))
    change_translation(root / "docs/locale/zh_CN/LC_MESSAGES/index.po")
    note("catalogue", build(root, LANGUAGES))
    return results


def measure_synthetic(root: Path, count: int) -> dict[str, float]:
    """Time builds of a site of ``count`` examples in one language.

    Returns
    -------
    dict
        Seconds of executing on one core and on all, of a whole cold build, of a build with nothing
        changed and of one after a change of one script; MiB of the largest process of the cold build.
    """
    synthetic_gallery.write(root, count)
    execute = [*BUILD, "--examples"]
    one = run(execute, root, PYTHONPATH="docs/_ext", JOBS="1")
    forget(root)
    all_cores = run(execute, root, PYTHONPATH="docs/_ext")
    forget(root)
    cold = build(root)
    unchanged = build(root)
    append(root / "gallery" / synthetic_gallery.CHAPTER / "power_1.py", "\n")
    script = build(root)
    if (cold.executed, unchanged.executed, script.executed) != (count, 0, 1):
        raise RuntimeError(f"of {count} examples {cold.executed}, {unchanged.executed}, {script.executed} ran")
    return {
        "examples": count,
        "execute_on_one_core": one.seconds,
        "execute": all_cores.seconds,
        "cold": cold.seconds,
        "unchanged": unchanged.seconds,
        "script": script.seconds,
        "mebibytes": cold.mebibytes,
    }


def missed_goals(site: dict[str, dict[str, float]]) -> list[str]:
    """Goals of the project that builds of this site did not reach, one line each."""
    seconds = {kind: timed["seconds"] for kind, timed in site.items()}
    executed = {kind: timed["executed"] for kind, timed in site.items()}
    second = seconds["cold"] - seconds["first"]
    allowed = 0.7 * seconds["bare"] + 5
    goals = {
        f"a cold build took {seconds['cold']:.1f} s, more than {allowed:.1f} s": seconds["cold"] <= allowed,
        f"a second language took {second:.1f} s": second <= 0.25 * seconds["first"],
        f"a build without a change took {seconds['unchanged']:.2f} s": seconds["unchanged"] <= 0.5,
        f"a change of one script ran {executed['script']} examples": executed["script"] == 1,
        f"a change of one catalogue ran {executed['catalogue']} examples": executed["catalogue"] == 0,
    }
    return [goal for goal, reached in goals.items() if not reached]


def processor() -> str:
    """Name of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.*)$", info.read_text(), re.MULTILINE) if info.exists() else []
    return names[0] if names else platform.machine()


def main(arguments: list[str]) -> int:
    """Measure, write the file, print what was measured; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="of the synthetic sites")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        site = measure_this_site(Path(folder) / "site")
        synthetic = [measure_synthetic(Path(folder) / str(count), count) for count in parsed.sizes]
    results = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "torch": metadata.version("torch").partition("+")[0],
        "site": site,
        "synthetic": synthetic,
    }
    text = json.dumps(results, indent=1, default=float)
    parsed.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    missed = missed_goals(site)
    print(*missed, sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
