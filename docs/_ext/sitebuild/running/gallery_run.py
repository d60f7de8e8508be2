"""Runs the examples before Sphinx-Gallery lays out their pages, and judges the results after it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx_gallery.gen_gallery import generate_gallery_rst

from sitebuild.definitions.chapter_files import import_faults
from sitebuild.examples.gallery import Example, all_examples, chapters
from sitebuild.examples.gallery_folders import folder_faults, name_of, named_folders
from sitebuild.examples.script_form import chapter_faults, output_faults, script_faults
from sitebuild.running import example_shard, execution_cache, gallery_settings, observers, temporary_folder
from sitebuild.running.example_process import Limits
from sitebuild.running.example_runner import ExampleRunner

# What a script finds in its environment, whatever the machine and its user have set.
ENVIRONMENT = {
    # Results must not depend on the number of cores: sums are split among threads.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "KINETO_LOG_LEVEL": "99",  # torch.profiler reports each start on stderr
    "MPLBACKEND": "agg",  # plots are kept, not shown in windows
}


def execution_key(app: Sphinx) -> str:
    """What results have to be made with to be shown in this build."""
    settings = gallery_settings.describe(app.config.sphinx_gallery_conf, app.config.result_kinds)
    writers = [path for observer in observers.load(app.config) for path in observer.writers]
    return execution_cache.execution_key(settings, writers, app.config.results_depend_on)


def find_stale(app: Sphinx, examples: list[Example]) -> list[Example]:
    """Those of ``examples`` whose results are missing or not current."""
    key = execution_key(app)
    return [each for each in examples if not execution_cache.is_current(each.script, each.generated, key)]


def fail(problems: list[str]) -> None:
    """End the build if there are ``problems``, one line each."""
    if problems:
        raise ExtensionError("The examples did not do what they are meant to do:\n  " + "\n  ".join(problems))


def leave_ready_pages_alone(app: Sphinx, config: Config) -> None:
    """Keep Sphinx-Gallery from laying out the pages of the examples again.

    With ``examples_are_ready``, which build_site.py sets, an earlier call of sphinx-build has run the
    examples and laid out their pages. Several languages now read them at the same time.
    """
    ours = (run_examples, judge, generate_gallery_rst)
    for listener in list(app.events.listeners["builder-inited"]) if config.examples_are_ready else ():
        if listener.handler in ours:
            app.disconnect(listener.id)


def run_examples(app: Sphinx) -> None:
    """Before the gallery: run every script whose results are not current.

    Raises
    ------
    ExtensionError
        With one line for each script that raised or did not come to its end.
    """
    os.environ.update(ENVIRONMENT)
    source, conf = Path(app.srcdir).resolve(), app.config.sphinx_gallery_conf
    gallery_settings.do_without_matplotlib(conf)
    limits = Limits(app.config.example_time_limit, app.config.example_memory_limit)
    # Before anything is run, written or removed.
    fail(gallery_settings.faults(conf, app.config.results_depend_on))
    faults = [line for scripts, _pages in named_folders(source, conf) for line in folder_faults(scripts, conf)]
    faults += [line for _scripts, pages in chapters(app) for line in chapter_faults(source, pages)]
    fail(faults + [line for example in all_examples(app) for line in script_faults(example.script)])
    fail([line for example in all_examples(app) for line in import_faults(example.script)])
    fail([line for _scripts, pages in chapters(app) for line in execution_cache.foreign_files(pages)])
    execution_cache.tidy_folders(source, chapters(app))
    examples = example_shard.share(all_examples(app), app.config.example_shard)
    scratch = Path(app.doctreedir).resolve() / "runs"  # in a folder that is ours: it is emptied
    runner = ExampleRunner(source, scratch, execution_key(app), limits, observers.load(app.config), conf)
    with temporary_folder.that_of_the_system():
        complaints = runner.run(find_stale(app, examples))
    fail(complaints)
    # From here on Sphinx-Gallery only lays out pages. It would run a script that was edited since
    # in this process, with none of the care taken above.
    conf["plot_gallery"] = False
    if app.config.example_shard:
        # Nor does it lay out pages of scripts that run elsewhere.
        conf["examples_dirs"], conf["gallery_dirs"] = [], []


def judge(app: Sphinx) -> None:
    """After the gallery: end the build unless the pages are those of the run and every check is as meant.

    Raises
    ------
    ExtensionError
        With one line for each page and each check that surprises.
    """
    edited = [
        f"{name_of(example.script)}: it was edited while the site was built; build again"
        for example in find_stale(app, all_examples(app))
    ]
    fail(edited)  # before the checks: they would be those of another text
    pages = [(each.script, each.generated / f"{each.script.stem}.rst") for each in all_examples(app)]
    fail([line for script, page in pages for line in output_faults(script, page, app.config.example_output_limit)])
    watching = observers.load(app.config)
    fail([line for each in watching for folders in chapters(app) for line in each.surprises(*folders)])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the two sides of Sphinx-Gallery, which runs at the default priority 500."""
    app.setup_extension("sphinx_gallery.gen_gallery")
    app.add_config_value("result_kinds", [], "env", list)
    app.add_config_value("results_depend_on", [], "", list)
    app.add_config_value("example_shard", "", "", str)
    app.add_config_value("example_time_limit", 120, "", (int, float))
    app.add_config_value("example_memory_limit", 4, "", (int, float))
    app.add_config_value("example_output_limit", 50_000, "", int)
    app.add_config_value("examples_are_ready", False, "", bool)
    app.connect("config-inited", leave_ready_pages_alone)
    app.connect("builder-inited", run_examples, priority=400)
    app.connect("builder-inited", judge, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
