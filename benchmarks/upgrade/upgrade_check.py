"""``make upgrade-check``: builds and tests with the newest versions, and tells what changes on the pages.

Everything happens in build/upgrade: an environment of its own, and a copy of the project. The report is
printed and kept there. Exit status 0 means that an upgrade changes nothing that a reader sees.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import result_changes

PROJECT = Path(__file__).parents[2]
WORK = PROJECT / "build" / "upgrade"
REQUIREMENTS = ("requirements.txt", "tests/requirements.txt")
SHOWN = 12  # lines of a difference


def newest(requirements: str, kept: list[str]) -> list[str]:
    """Requirements without their versions, except for the packages in ``kept``."""
    lines = [line.partition("#")[0].strip() for line in requirements.splitlines()]
    return [
        line if re.split(r"[\[=]", line)[0] in kept else re.sub(r"==[\w.]+", "", line, count=1) for line in lines if line
    ]


def versions(python: Path) -> dict[str, str]:
    """Versions of all packages in an environment."""
    command = [str(python), "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {package["name"].lower(): package["version"] for package in json.loads(listed)}


def copy_project(target: Path) -> None:
    """Copy the files of the project that are under version control."""
    shutil.rmtree(target, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)


def installations(wanted: list[str], further_index: str) -> list[list[str]]:
    """Arguments of the calls of pip install: PyTorch alone comes from the further index, if there is one."""
    torch = [line for line in wanted if re.match(r"torch\b(?!-)", line)]
    first = [["--no-deps", "--index-url", further_index, *torch]] if further_index and torch else []
    return [*first, wanted]


def set_up(kept: list[str], further_index: str) -> Path:
    """Make an environment with the newest versions, which no lock knows yet; return its Python."""
    venv.create(WORK / "venv", with_pip=True, clear=True)
    python = WORK / "venv" / "bin" / "python"
    wanted = [line for name in REQUIREMENTS for line in newest((PROJECT / name).read_text(encoding="utf-8"), kept)]
    for arguments in installations(wanted, further_index):
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *arguments], check=True)
    return python


def stage(command: list[str], folder: Path, name: str) -> str:
    """Run a stage; return what it printed if it failed, else ""."""
    print(name, flush=True)
    environment = {**os.environ, "PYTHONPATH": "docs/_ext"}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else f"{name} failed:\n{(result.stdout + result.stderr)[-6000:]}"


def report_changes(changes: dict[str, list[str]]) -> list[str]:
    """Differences as text, the first lines of each."""
    lines = []
    for name, difference in changes.items():
        lines.append(f"{name}:")
        lines += [f"  {line}" for line in difference[:SHOWN]]
        lines += [f"  and {len(difference) - SHOWN} more lines"] if len(difference) > SHOWN else []
    return lines or ["No output, graph, check or plot changes."]


def main(arguments: list[str]) -> int:
    """Upgrade, build, test, compare; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", default="", help="packages to leave at their pinned versions")
    parser.add_argument("--extra-index-url", default="")
    parser.add_argument("--languages", default="en zh_CN")
    parsed = parser.parse_args(arguments)
    print("Setting up build/upgrade/venv", flush=True)
    python, site = set_up(parsed.keep.split(), parsed.extra_index_url), WORK / "site"
    before, after = versions(Path(sys.executable)), versions(python)
    upgraded = [
        f"{name} {before[name]} -> {after[name]}" for name in sorted(before.keys() & after) if before[name] != after[name]
    ]
    copy_project(site)
    build = [str(python), "-m", "sitebuild.commands.build_site", "--languages", parsed.languages]
    failures = [stage(build, site, "Building with the newest versions")]
    changes = result_changes.compare(PROJECT / "docs", site / "docs")
    if not failures[0]:
        failures.append(stage([str(python), "-m", "pytest", "-q", "tests"], site, "Testing"))
    failures = [failure for failure in failures if failure]
    sections = {
        "Versions that differ": upgraded or ["None."],
        "What changes on the pages": report_changes(changes),
        "Failures": failures or ["None."],
    }
    text = "\n\n".join(f"{heading}\n" + "\n".join(lines) for heading, lines in sections.items())
    (WORK / "report.txt").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 1 if changes or failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
