"""Settings of Sphinx-Gallery: those that change what an example leaves behind, and those that cannot be kept here."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sitebuild.running import execution_cache

RESULTS_DEPEND_ON = (
    "capture_repr",
    "compress_images",
    "filename_pattern",
    "ignore_repr_types",
    "image_scrapers",
    "image_srcset",
    "min_reported_time",
    "remove_config_comments",
    "reset_modules",
    "show_memory",
    "show_signature",
    "thumbnail_size",
)
_PLACE_IN_MEMORY = re.compile(r" at 0x[0-9a-f]+")  # of a function; it is another one in each process


def do_without_matplotlib(conf: dict[str, Any]) -> None:
    """Where Matplotlib is not installed, do not look for its plots, as Sphinx-Gallery does unless it is told not to."""
    if importlib.util.find_spec("matplotlib") is None:
        for name in ("image_scrapers", "reset_modules"):
            named = [conf[name]] if isinstance(conf[name], str) else conf[name]
            conf[name] = tuple(each for each in named if each != "matplotlib")


def describe(conf: Mapping[str, Any], kinds: Sequence[str]) -> str:
    """What the results of an example depend on, among the settings in ``conf`` and the ``kinds`` of results."""
    settings = {name: conf[name] for name in RESULTS_DEPEND_ON}
    return _PLACE_IN_MEMORY.sub("", repr(settings | {"result_kinds": list(kinds)}))


def faults(conf: Mapping[str, Any], distributions: Sequence[str]) -> list[str]:
    """What is wrong with the settings, one line each.

    Parameters
    ----------
    conf : mapping
        Settings of Sphinx-Gallery; some ask for what this package does not do.
    distributions : sequence of str
        Those that results are said to depend on.
    """
    reasons = {
        "plot_gallery is off": not conf["plot_gallery"]
        and "each script runs once, and not again before it changes; leave it on",
        "run_stale_examples is on": conf["run_stale_examples"]
        and "no script runs again before it changes; leave it off, and remove a folder of generated pages to run all of its scripts",
        "expected_failing_examples names scripts": conf["expected_failing_examples"]
        and "only what comes to its end is kept; catch the error in the script and print it, and leave the setting out",
    }
    unknown = [name for name in distributions if not execution_cache.version_of(name)]
    return [f"sphinx_gallery_conf: {setting}, but {reason}" for setting, reason in reasons.items() if reason] + [
        f"conf.py: results_depend_on names {name!r}, which is not installed; expected what 'pip list' calls it"
        for name in unknown
    ]
