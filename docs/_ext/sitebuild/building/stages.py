"""The stages of a build: run the examples once, render every language, judge the translations, publish.

The new site is assembled beside the old one and takes its place only when all stages
are done, so that a failed build leaves the last good site as it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sitebuild.building.folders import FINGERPRINT, SITE, WORK
from sitebuild.building.kept_stages import KeptStages
from sitebuild.building.sphinx_build import SphinxBuild, sphinx, try_sphinx
from sitebuild.examples.build_error import BuildError
from sitebuild.site import bundled_assets, checksums, content_policy, publish, root_pages, static_files

STAGED = WORK / "html"


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


def render(root: Path, stale: list[SphinxBuild], kept: KeptStages, languages: list[str], options: list[str]) -> dict[SphinxBuild, str]:
    """Render side by side what is not current; return what to tell of each, which is "" if it did not fail."""
    kept.begin(stale)
    told = dict(zip(stale, try_sphinx(root, stale, languages, options), strict=True))
    kept.end([build for build in stale if not told[build]])
    return told


def judge(root: Path, translated: list[str], kept: KeptStages, draft: bool) -> str:
    """What to tell of translations that are not finished; "" if they are. Those that were judged well are left alone."""
    judgements = [SphinxBuild("judgement", language, root / WORK / "judgement") for language in translated]
    stale = [each for each in judgements if not kept.is_current(each)]
    if not stale:
        return ""
    from sitebuild.translation import catalogues  # here: it takes a while to load, and only an edit of texts needs it

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
    builds, complaints = sphinx_builds(root, languages, translated), []
    if stale := [build for build in builds if not kept.is_current(build)]:
        rendered = [build.language for build in stale if build.builder == "html"]
        with stage(f"Rendering {', '.join(rendered) or 'messages'}", times):
            told = render(root, stale, kept, languages, options)
        complaints = [told.get(build, "") for build in builds]
    if translated and not any(complaints[:2]):
        complaints.insert(2, judge(root, translated, kept, draft))
    if failures := list(filter(None, complaints)):
        raise BuildError(failures[0])


def put_together(root: Path, languages: list[str]) -> Path:
    """Make the new site of what was rendered, in a folder beside the old one, and return it."""
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
