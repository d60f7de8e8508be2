"""``make mutants``: changes every formula of the examples and sees that a check notices."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from time import monotonic

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "docs" / "_ext"))

import report  # noqa: E402
from campaign import Campaign, ScriptError  # noqa: E402
from lists import ListError  # noqa: E402
from mutations import Script  # noqa: E402

from sitebuild.checks.expectations import ExpectationFileError  # noqa: E402

# More would only wait for each other's memory.
MOST_JOBS = 2


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=PROJECT, help="the project whose examples are changed")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each n-th mutant, and write nothing")
    parser.add_argument("--only", default="", metavar="CHAPTER/SCRIPT", help="only one script, and write nothing")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    options = _parse(arguments)
    start = monotonic()
    scripts = [Script.read(path) for path in sorted((options.root / "gallery").glob("*/*.py"))]
    jobs = min(MOST_JOBS, os.cpu_count() or 1)
    campaign = Campaign(scripts, options.root / "tests" / "mutants", jobs, lambda text: print(text, flush=True))
    try:
        result = campaign.run(options.every, options.only)
    except (ListError, ScriptError, ExpectationFileError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(report.describe(result)))
    wrong = bool(result.problems) or any(verdict.kind == "survived" for verdict in result.verdicts)
    if options.every == 1 and not options.only:
        print(f"{result.corrections} wrong examples made right were noticed; {monotonic() - start:.0f} s")
        report.write_all(result, options.root / "build" / "mutants.json")
        if not wrong:  # the site shows only what is in order
            report.write_numbers(result, options.root / "docs" / "mutants.json")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
