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
from typing import TYPE_CHECKING

from sitebuild.building.fingerprint import fingerprint_inputs, fingerprint_site
from sitebuild.building.sphinx_build import WORK, SphinxBuild, sphinx, try_sphinx
from sitebuild.examples.build_error import BuildError
from sitebuild.site import build_date, publish

if TYPE_CHECKING:
    from sitebuild.building.kept_stages import KeptStages

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


def sphinx_builds(root: Path, languages: list[str], translated: list[str]) -> list[SphinxBuild]:
    """The calls of sphinx-build that render: of the first language, of the messages, and of all other languages."""
    builds = [SphinxBuild("html", language, root / STAGED / language) for language in languages]
    if translated:
        builds.insert(1, SphinxBuild("gettext", "en", root / WORK / "gettext"))
    return builds


def render(root: Path, builds: list[SphinxBuild], kept: KeptStages, languages: list[str], options: list[str]) -> list[str]:
    """Render side by side what is not current.

    Returns
    -------
    list of str
        For each of ``builds`` what to tell of its failure; "" if it did not fail.
    """
    stale = [build for build in builds if not kept.is_current(build)]
    kept.begin(stale)
    told = dict(zip(stale, try_sphinx(root, stale, languages, options), strict=True)) if stale else {}
    if rendered := [build for build in stale if not told[build]]:
        kept.end(rendered)
    return [told.get(build, "") for build in builds]


def judge(root: Path, translated: list[str], kept: KeptStages, draft: bool) -> str:
    """What to tell of translations that are not finished; "" if they are. Those that were judged well are left alone."""
    judgements = [SphinxBuild("judgement", language, root / WORK / "judgement") for language in translated]
    stale = [each for each in judgements if not kept.is_current(each)]
    if not stale:
        return ""
    from sitebuild.translation import catalogues  # here, so that a build without it does not wait for it

    kept.begin(stale)
    problems = [line for each in stale for line in catalogues.find_problems(root, each.language, draft)]
    if problems:
        return catalogues.tell(problems, draft)
    kept.end(stale)
    return ""


def render_and_judge(
    root: Path, languages: list[str], kept: KeptStages, draft: bool, options: list[str], times: list[tuple[str, float]]
) -> None:
    """Render all languages side by side, and judge the catalogues of those that have some.

    Raises
    ------
    BuildError
        For the first language that was not rendered, or for all translations that are not finished: of
        these it tells before it tells what Sphinx says of their pages.
    """
    translated = [language for language in languages if (root / "docs/locale" / language).is_dir()]
    for language in languages:
        if language != "en" and language not in translated:
            print(f"  {language} has no catalogues: its pages are in English")
    with stage(f"Rendering {', '.join(languages)}", times):
        complaints = render(root, sphinx_builds(root, languages, translated), kept, languages, options)
        if translated and not any(complaints[:2]):
            complaints.insert(2, judge(root, translated, kept, draft))
    if failures := list(filter(None, complaints)):
        raise BuildError(failures[0])


def put_together(root: Path, languages: list[str]) -> Path:
    """Make the new site of what was rendered, in a folder beside the old one, and return it."""
    from sitebuild.site import (
        bundled_assets,
        checksums,
        content_policy,  # here, so that a build with nothing to do does not wait for them
        root_pages,
        static_files,
    )

    new = publish.assemble(root / STAGED, root / SITE, languages)
    for language in languages:
        static_files.refresh(root, new / language)
        bundled_assets.write_bundles(root / STAGED / language, new / language)
    root_pages.write(root, new, languages)
    content_policy.add_to_site(new)
    checksums.write(new)  # the last to write: it tells what all others have written
    publish.let_everybody_read(new)
    return new


def build(root: Path, languages: list[str], draft: bool, options: list[str]) -> list[tuple[str, float]]:
    """Run all stages that are not current; return what each took in seconds."""
    from sitebuild.building.kept_stages import KeptStages  # here, as above

    times: list[tuple[str, float]] = []
    options = [*options, "-D", f"draft={int(draft)}"]
    for compiled in (root / "docs/locale").rglob("*.mo"):
        compiled.unlink()  # Sphinx would trust it for its date alone
    kept = KeptStages(root, [*languages, *options])
    examples = examples_of(root)
    if not kept.is_current(examples):
        with stage("Running examples", times):
            kept.begin([examples])
            sphinx(root, examples, languages, options)
            kept.end([examples])
    render_and_judge(root, languages, kept, draft, [*options, "-D", "examples_are_ready=1"], times)
    with stage("Putting the site in place", times):
        new = put_together(root, languages)
        # From here to the end of the build nothing is known about the site that lies there.
        (root / FINGERPRINT).unlink(missing_ok=True)
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
    sources, results = fingerprint_inputs(root, key)
    known = mark.read_bytes() if mark.exists() else b""
    made_from = (sources + results).encode()
    if known == made_from + fingerprint_site(root / SITE).encode():
        return None
    if known.startswith(made_from):
        print(f"Files in {SITE} are not as the last build left them.")
    times = build(root, languages, draft, options)
    _now, results = fingerprint_inputs(root, key)
    mark.write_bytes((sources + results + fingerprint_site(root / SITE)).encode())
    return times
