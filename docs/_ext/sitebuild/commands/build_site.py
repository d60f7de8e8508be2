"""Builds the site: runs the examples once, judges the translations, renders every language.

The new site is assembled beside the old one and takes its place only when all stages
are done, so that a failed build leaves the last good site as it was.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sitebuild.commands.sphinx_build import WORK, SphinxBuild, sphinx, try_sphinx
from sitebuild.examples.build_error import BuildError, exit_status
from sitebuild.site import publish

SITE = Path("build/html")
STAGED = WORK / "html"
FINGERPRINT = WORK / "fingerprint"
INPUTS = ("docs", "gallery", "conf.py", "requirements.txt", "constraints.txt")


def _hash_files(files: Iterable[Path]) -> str:
    """Hash of files by name, size and time of change."""
    entries = []
    for file in sorted(files):
        if file.is_file() and file.suffix not in {".mo", ".pyc"}:
            status = file.stat()
            entries.append(f"{file} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(entries).encode()).hexdigest()


def _is_generated(file: Path, root: Path) -> bool:
    """Whether ``file`` lies in a folder of ``docs`` that the gallery fills."""
    parts = file.relative_to(root).parts
    return len(parts) > 2 and parts[0] == "docs" and not parts[1].startswith("_") and parts[1] != "locale"


def fingerprint_sources(root: Path, options: list[str]) -> str:
    """State of all that people edit, of the options, and of the programs that draw and render."""
    files = [file for name in INPUTS for file in ([root / name] if (root / name).is_file() else (root / name).rglob("*"))]
    programs = [Path(sys.executable).resolve(), Path(shutil.which("dot") or "dot").resolve()]
    return _hash_files([*(file for file in files if not _is_generated(file, root)), *programs]) + repr(options)


def fingerprint_results(root: Path) -> str:
    """State of the generated pages and results: lost ones have to be made again."""
    return _hash_files(file for file in (root / "docs").rglob("*") if _is_generated(file, root))


def count_checks(root: Path) -> tuple[int, int]:
    """How many checks are recorded, and how many of them failed (as they should)."""
    records = [
        record
        for path in root.glob("docs/*/*.checks.json")
        for record in json.loads(path.read_text(encoding="utf-8"))
    ]
    return len(records), sum(not record["passed"] for record in records)


@contextmanager
def stage(name: str, times: list[tuple[str, float]]) -> Iterator[None]:
    """Announce a stage and note how long it takes."""
    print(name, flush=True)
    start = time.monotonic()
    yield
    times.append((name, time.monotonic() - start))


@contextmanager
def only_build(root: Path) -> Iterator[None]:
    """Hold the lock of this checkout; wait while another build has it."""
    (root / WORK).mkdir(parents=True, exist_ok=True)
    with open(root / WORK / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another build in this checkout to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def examples_of(root: Path) -> SphinxBuild:
    """The call of sphinx-build that runs the examples."""
    return SphinxBuild("examples", "en", root / WORK / "examples")


def render(root: Path, languages: list[str], judged: list[str], options: list[str]) -> None:
    """Render all languages side by side, and judge the catalogues of some of them.

    Raises
    ------
    BuildError
        For the first language that was not rendered, or for all translations that are not finished: of
        these it tells before it tells what Sphinx says of their pages.
    """
    from sitebuild.translation import catalogues  # here, so that a build with nothing to do does not wait for it

    builds = [SphinxBuild("html", language, root / STAGED / language) for language in languages]
    if judged:
        builds.insert(1, SphinxBuild("gettext", "en", root / WORK / "gettext"))
    complaints = try_sphinx(root, builds, languages, options)
    if judged and not any(complaints[:2]):
        problems = [line for language in judged for line in catalogues.find_problems(root, language)]
        complaints.insert(2, catalogues.tell(problems) if problems else "")
    if failures := list(filter(None, complaints)):
        raise BuildError(failures[0])


def build(root: Path, languages: list[str], draft: bool, options: list[str]) -> list[tuple[str, float]]:
    """Run all stages; return what each took in seconds."""
    from sitebuild.site import (
        content_policy,  # here, so that a build with nothing to do does not wait for them
        root_pages,
        search_index,
    )

    times: list[tuple[str, float]] = []
    options = [*options, "-D", f"draft={int(draft)}"]
    for compiled in (root / "docs/locale").rglob("*.mo"):
        compiled.unlink()  # Sphinx would trust it for its date alone
    translated = [language for language in languages if (root / "docs/locale" / language).is_dir()]
    for language in languages:
        if language != "en" and language not in translated:
            print(f"  {language} has no catalogues: its pages are in English")
    with stage("Running examples", times):
        sphinx(root, examples_of(root), languages, options)
    with stage(f"Rendering {', '.join(languages)}", times):
        render(root, languages, [] if draft else translated, [*options, "-D", "examples_are_ready=1"])
    new = publish.assemble(root / STAGED, root / SITE, languages)
    root_pages.write(root, new, languages)
    with stage("Indexing the pages for the search", times):
        search_index.write(new)
    content_policy.add_to_site(new)
    # From here to the end of the build nothing is known about the site that lies there.
    (root / FINGERPRINT).unlink(missing_ok=True)
    with stage("Putting the site in place", times):
        publish.exchange(new, root / SITE)
    return times


def run_examples(root: Path, shard: str, options: list[str]) -> None:
    """Run the examples, or the part of them that ``shard`` names, and render nothing."""
    print("Running examples", flush=True)
    options = [*options, "-D", f"example_shard={shard}"]
    sphinx(root, examples_of(root), ["en"], options)
    print("Their results are in the chapters' folders in docs/; 'make html' shows them.")


def report(root: Path, times: list[tuple[str, float]]) -> None:
    """Say what was built, what ran, how long it took and how to look at it."""
    total, failed = count_checks(root)
    for name, seconds in times:
        print(f"  {seconds:6.1f} s  {name}")
    print(f"{total} checks are recorded: {total - failed} passed, {failed} failed as they should.")
    print(f"The site is in {SITE}: open {SITE}/index.html, or run 'make serve'.")


def build_what_changed(root: Path, languages: list[str], draft: bool, options: list[str]) -> None:
    """Build the site, unless nothing has changed since it was built."""
    mark, key = root / FINGERPRINT, [*languages, str(draft), *options]
    # Taken before the build: what is edited while it runs belongs to the next one.
    sources = fingerprint_sources(root, key)
    known = mark.read_bytes() if mark.exists() and (root / SITE).is_dir() else b""
    if known == (sources + fingerprint_results(root)).encode():
        print(f"Nothing has changed; the site is in {SITE}.")
        return
    times = build(root, languages, draft, options)
    mark.write_bytes((sources + fingerprint_results(root)).encode())
    report(root, times)


def main(arguments: list[str]) -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path.cwd())
    parser.add_argument("--languages", default="en zh_CN")
    parser.add_argument("--draft", action="store_true")
    parser.add_argument("--examples", action="store_true", help="run the examples, and render nothing")
    parser.add_argument("--shard", default="", help="with --examples: which part of how many, such as 2/4")
    parser.add_argument("options", nargs="*", help="passed on to sphinx-build")
    parsed = parser.parse_args(arguments)
    root = parsed.root.resolve()
    with only_build(root):
        publish.repair(root / SITE)
        if parsed.examples:
            run_examples(root, parsed.shard, parsed.options)
        else:
            build_what_changed(root, parsed.languages.split(), parsed.draft, parsed.options)


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
