"""The stages of a build: run the examples once, render every language, judge the translations, publish.

The new site is assembled beside the old one and takes its place only when all stages
are done, so that a failed build leaves the last good site as it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sitebuild.building.fingerprint import fingerprint_results, fingerprint_site, fingerprint_sources
from sitebuild.building.sphinx_build import WORK, SphinxBuild, sphinx, try_sphinx
from sitebuild.examples.build_error import BuildError
from sitebuild.site import build_date, publish

SITE = Path("build/html")
STAGED = WORK / "html"
FINGERPRINT = WORK / "fingerprint"


@contextmanager
def stage(name: str, times: list[tuple[str, float]]) -> Iterator[None]:
    """Announce a stage and note how long it takes."""
    print(name, flush=True)
    start = time.monotonic()
    yield
    times.append((name, time.monotonic() - start))


def examples_of(root: Path) -> SphinxBuild:
    """The call of sphinx-build that runs the examples."""
    return SphinxBuild("examples", "en", root / WORK / "examples")


def render(root: Path, languages: list[str], translated: list[str], draft: bool, options: list[str]) -> None:
    """Render all languages side by side, and judge the catalogues of those that have some.

    Raises
    ------
    BuildError
        For the first language that was not rendered, or for all translations that are not finished: of
        these it tells before it tells what Sphinx says of their pages.
    """
    from sitebuild.translation import catalogues  # here, so that a build with nothing to do does not wait for it

    builds = [SphinxBuild("html", language, root / STAGED / language) for language in languages]
    if translated:
        builds.insert(1, SphinxBuild("gettext", "en", root / WORK / "gettext"))
    complaints = try_sphinx(root, builds, languages, options)
    if translated and not any(complaints[:2]):
        problems = [line for language in translated for line in catalogues.find_problems(root, language, draft)]
        complaints.insert(2, catalogues.tell(problems, draft) if problems else "")
    if failures := list(filter(None, complaints)):
        raise BuildError(failures[0])


def build(root: Path, languages: list[str], draft: bool, options: list[str]) -> list[tuple[str, float]]:
    """Run all stages; return what each took in seconds."""
    from sitebuild.site import (
        checksums,
        content_policy,  # here, so that a build with nothing to do does not wait for them
        root_pages,
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
        render(root, languages, translated, draft, [*options, "-D", "examples_are_ready=1"])
    new = publish.assemble(root / STAGED, root / SITE, languages)
    root_pages.write(root, new, languages)
    content_policy.add_to_site(new)
    checksums.write(new)  # the last to write: it tells what all others have written
    publish.let_everybody_read(new)
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


def build_what_changed(
    root: Path, languages: list[str], draft: bool, options: list[str]
) -> list[tuple[str, float]] | None:
    """Build the site, unless nothing has changed since it was built.

    Returns
    -------
    list of (str, float) or None
        What each stage took in seconds; None if there was nothing to do.
    """
    mark = root / FINGERPRINT
    key = [*languages, str(draft), *options, os.environ.get(build_date.VARIABLE, "")]
    # Taken before the build: what is edited while it runs belongs to the next one.
    sources = fingerprint_sources(root, key)
    known = mark.read_bytes() if mark.exists() else b""
    made_from = (sources + fingerprint_results(root)).encode()
    if known == made_from + fingerprint_site(root / SITE).encode():
        return None
    if known.startswith(made_from):
        print(f"Files in {SITE} are not as the last build left them.")
    times = build(root, languages, draft, options)
    mark.write_bytes((sources + fingerprint_results(root) + fingerprint_site(root / SITE)).encode())
    return times
