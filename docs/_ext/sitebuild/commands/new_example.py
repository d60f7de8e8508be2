"""``make new-example``: lays down an example that builds, names it in its chapter, makes its catalogues."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sitebuild.commands import refresh_catalogues
from sitebuild.examples.build_error import exit_status
from sitebuild.examples.new_script import is_in_contents, lay_down


def main(arguments: list[str]) -> None:
    """Lay down an example."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("chapter")
    parser.add_argument("name")
    parser.add_argument("languages", nargs="*", help="whose catalogues are refreshed")
    parsed = parser.parse_args(arguments)
    script = lay_down(Path.cwd(), parsed.chapter, parsed.name)
    print(f"{script.relative_to(Path.cwd())} is written, and named in index.rst of its chapter.")
    if not is_in_contents(Path.cwd(), parsed.chapter):
        print(f"Now name {parsed.chapter}/index in docs/index.rst, and run 'make gettext' for its catalogues.")
        return
    refresh_catalogues.main(parsed.languages)
    print("'make html DRAFT=1' builds it. Write your own, run 'make gettext', and translate its catalogue.")


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
