"""``make html`` and ``make execute``: builds the site, or runs the examples only."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

from sitebuild.building import whole_build
from sitebuild.building.checkout import refuse_unusable_folder
from sitebuild.building.folders import SITE
from sitebuild.building.lock import only_build
from sitebuild.commands import make_variables, system_requirements
from sitebuild.examples.build_error import BuildError, exit_status
from sitebuild.site import build_date, publish


def count_checks(root: Path) -> tuple[int, int]:
    """How many checks are recorded, and how many of them failed (as they should)."""
    records = [
        record
        for path in root.glob("docs/*/*.checks.json")
        for record in json.loads(path.read_text(encoding="utf-8"))
    ]
    return len(records), sum(not record["passed"] for record in records)


def report(root: Path, times: list[tuple[str, float]] | None) -> None:
    """Say what was built, what ran, how long it took and how to look at it."""
    if times is None:
        print(f"Nothing has changed; the site is in {SITE}.")
        return
    total, failed = count_checks(root)
    for name, seconds in times:
        print(f"  {seconds:6.1f} s  {name}")
    print(f"{total} checks are recorded: {total - failed} passed, {failed} failed as they should.")
    print(f"The site is in {SITE}: open {SITE}/index.html, or run 'make serve'.")


def check(**values: str) -> None:
    """See that values of make's variables have their form, and that Python runs what examples assert.

    Raises
    ------
    BuildError
        Otherwise.
    """
    faults = [make_variables.fault(name, value) for name, value in values.items()]
    if not __debug__:
        faults.append("Python runs with -O or PYTHONOPTIMIZE, which leaves out what examples assert: run it without")
    if any(faults):
        raise BuildError("\n".join(filter(None, faults)))


def main(arguments: list[str]) -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, default=Path.cwd())
    parser.add_argument("--languages", default="en zh_CN")
    parser.add_argument("--draft", action="store_true")
    parser.add_argument("--make", action="store_true", help="called by make: look at its variables, and at the system")
    parser.add_argument("--examples", action="store_true", help="run the examples, and render nothing")
    parser.add_argument("--shard", default="", help="with --examples: which part of how many, such as 2/4")
    parser.add_argument("--options", default="", help="passed on to sphinx-build, as in a shell")
    parsed = parser.parse_args(arguments)
    if parsed.make and (make_variables.main() or system_requirements.main(["graphviz"])):
        sys.exit(1)
    check(LANGUAGES=parsed.languages, SHARD=parsed.shard, SPHINXOPTS=parsed.options)
    root, options = parsed.root.resolve(), shlex.split(parsed.options)
    refuse_unusable_folder(root)
    build_date.build_seconds()  # before anything runs
    with only_build(root):
        publish.repair(root / SITE)
        if parsed.examples:
            from sitebuild.building import stages  # here, so that a build with nothing to do does not wait for it

            stages.run_examples(root, parsed.shard, options)
            return
        times = whole_build.build_what_changed(root, parsed.languages.split(), parsed.draft, options)
    report(root, times)


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
