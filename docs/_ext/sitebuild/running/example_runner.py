"""Runs examples: several at once, and those that others would disturb alone, after the others."""

from __future__ import annotations

import ast
import importlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from multiprocessing import connection
from pathlib import Path
from typing import Any

from sitebuild.definitions.chapter_files import completed
from sitebuild.examples.gallery import Example
from sitebuild.examples.gallery_folders import name_of
from sitebuild.examples.observer import Observer
from sitebuild.running import descendants, execution_cache, process_group
from sitebuild.running.example_process import ExampleProcess, Limits
from sitebuild.running.process_group import Guard

POLL = 0.1  # seconds between two looks at running examples
# What torch imports only when a script first differentiates, compares or compiles: 3 s, in every process.
TORCH_IMPORTS_LATE = (
    "torch.fx.experimental.symbolic_shapes",
    "torch.distributed.tensor",
    "torch._dynamo.backends.debugging",
    "torch._inductor.lowering",
)


def imported_modules(source: str) -> set[str]:
    """Modules that a script imports, as far as its text tells."""
    modules: set[str] = set()
    with suppress(SyntaxError):  # the run of the script tells more about it
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                modules.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module)
    return modules


def import_common(sources: Iterable[str], also: Sequence[str] = ()) -> None:
    """Import what more than one script imports, and ``also``, once for all; nothing is computed with it here."""
    counts = Counter(name for source in sources for name in imported_modules(source))
    common = sorted(name for name, count in counts.items() if count > 1)
    if "torch" in common:
        common += TORCH_IMPORTS_LATE
    for name in [*also, *common]:
        with suppress(Exception):  # the script that needs it will say what is wrong
            importlib.import_module(name)


class ExampleRunner:
    """Runs scripts and keeps the results of those that came to their end.

    Parameters
    ----------
    source : Path
        Folder of the documents.
    scratch : Path
        Folder for unfinished results; it is emptied.
    key : str
        What the results are made with, see execution_cache.
    limits : Limits
        What each script may use.
    observers : sequence of Observer
        They watch each script.
    gallery_conf : mapping
        Settings of Sphinx-Gallery.
    """

    def __init__(
        self,
        source: Path,
        scratch: Path,
        key: str,
        limits: Limits,
        observers: Sequence[Observer],
        gallery_conf: Mapping[str, Any],
    ) -> None:
        self._source, self._scratch, self._key = source, scratch, key
        self._limits, self._observers, self._gallery_conf = limits, observers, gallery_conf
        # With what is running, and what its results are made with.
        self._running: dict[ExampleProcess, tuple[Example, str]] = {}
        self._started = self._total = 0
        self._complaints: list[str] = []
        self._our_own: frozenset[int] = frozenset()  # processes of this one that belong to no example

    def run(self, examples: list[Example]) -> list[str]:
        """Run ``examples``; return one line for each that cannot be used."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        texts = {example: completed(example.script) for example in examples}
        alone = [each for each in examples if any(watching.runs_alone(texts[each]) for watching in self._observers)]
        together = [example for example in examples if example not in alone]
        self._total = len(examples)
        with process_group.guard() as guard:  # whatever ends the build ends the scripts
            if examples:
                import_common(texts.values(), ["torch"] * bool(self._observers))  # who observes an example needs it
            descendants.adopt_orphans()
            self._our_own = frozenset(descendants.children(os.getpid()))
            self._work_off(together, process_group.jobs(), guard)
            self._work_off(alone, 1, guard)
        return self._complaints

    def _work_off(self, waiting: list[Example], at_once: int, guard: Guard) -> None:
        """Run all of ``waiting``, never more than ``at_once`` of them at a time."""
        waiting = list(waiting)
        while waiting or self._running:
            while waiting and len(self._running) < at_once:
                self._start(waiting.pop(0), guard)
            connection.wait([process.sentinel for process in self._running], timeout=POLL)
            for process in list(self._running):
                process.enforce(self._limits)
                if process.is_over():
                    self._finish(process)

    def _start(self, example: Example, guard: Guard) -> None:
        """Start one script, and show that it runs."""
        self._started += 1
        script, generated = example.script, example.generated
        # Not through Sphinx's logger: the progress is wanted where its chatter is switched off.
        chapter = generated.relative_to(self._source).as_posix()
        progress = f"  running {self._started}/{self._total}  {chapter}/{script.name}"
        print(progress, file=sys.__stdout__, flush=True)
        scratch = self._scratch / str(self._started)
        key = execution_cache.key_of(script, self._key)
        process = ExampleProcess(script, chapter, scratch, self._gallery_conf, self._observers, guard)
        self._running[process] = example, key

    def _finish(self, process: ExampleProcess) -> None:
        """Keep what a script has left, or the complaint about it."""
        example, key = self._running[process]
        process.end()  # what the script itself has started goes with it
        del self._running[process]
        # Of a script that crashed, this process has adopted what it had started.
        spared = self._our_own.union(each.process for each in self._running)
        left = process.left + descendants.end_descendants(os.getpid(), spared)
        for command in left:
            print(f"  {name_of(example.script)} left {command!r} running; it was ended", file=sys.__stdout__, flush=True)
        if complaint := process.complaint():
            self._complaints.append(complaint)
        else:
            execution_cache.keep(process.results, example.script, example.generated, key)
        shutil.rmtree(process.scratch, ignore_errors=True)  # with all that the script has saved
