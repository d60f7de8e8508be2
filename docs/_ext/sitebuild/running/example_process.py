"""One example in a process of its own, forked from the build.

It writes into a folder of its own too. What it leaves there is taken over only when the
script came to its end, so that nothing half written ever lies beside a page.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from sphinx_gallery import gen_rst, glr_path_static
from sphinx_gallery.utils import get_md5sum

from sitebuild.definitions.finder import sections_of
from sitebuild.examples.build_error import BuildError
from sitebuild.examples.forbidden_characters import printable
from sitebuild.examples.gallery_folders import name_of
from sitebuild.examples.observer import Observer, ScriptResults
from sitebuild.running import descendants, gallery_hooks, isolation, process_group
from sitebuild.running.process_group import Guard
from sitebuild.running.working_folder import WorkingFolder

# Processes that are forked share what the build has imported: torch alone takes a second.
_fork = multiprocessing.get_context("fork")
# A traceback comes before what was raised; a pipe holds this much that nobody reads yet.
REPORT_LENGTH = 20_000
SHOWN = 5  # of the processes that a script has left behind
LONGEST_ERROR = 500  # characters of what was raised that are told
# How a traceback names the error of an observer, which is told in its own words.
_OURS = f"{BuildError.__module__}.{BuildError.__qualname__}: "
# Beside the results; no folder of a chapter has such a name.
WORKING_FOLDER = "saved.files"
GIB = 2**30
_save_thumbnail = gen_rst.save_thumbnail


@dataclass(frozen=True)
class Limits:
    """What an example may use.

    Memory is what it really holds. A limit that the kernel knows, RLIMIT_AS, counts addresses as
    well, of which torch reserves many more than it ever uses.
    """

    seconds: float
    gib: float


def _save_same_thumbnail(
    template: str, script: Path, variables: dict[str, Any], settings: dict[str, Any], conf: Mapping[str, Any]
) -> None:
    """Make the thumbnail that the gallery asks for, the same for every script where only our observers keep results.

    Looking for an image of the script would put a number into the path, which may hold braces.
    """
    same = Path(glr_path_static()) / "no_image.png"
    _save_thumbnail(template, script, variables, {**settings, "thumbnail_path": str(same)}, conf)


def _run(
    script: Path,
    page_folder: Path,
    gallery_conf: Mapping[str, Any],
    observers: Sequence[Observer],
    guard: Guard,
    pipe: Connection,
) -> NoReturn:
    """Run ``script`` in this process, send a report if it raised, and end."""
    process_group.lead_own_group()
    guard.leave()
    descendants.adopt_orphans()
    isolation.keep_from_network()
    os.dup2(2, 1)  # what is written past sys.stdout stands on no page: it goes into the log, not to the terminal
    gc.freeze()  # collecting garbage would copy the memory that is shared with the build
    gallery_hooks.use(observers)
    if list(gallery_conf["image_scrapers"]) == [gallery_hooks.SCRAPER]:
        gen_rst.save_thumbnail = _save_same_thumbnail
    try:
        WorkingFolder(Path(gallery_conf["src_dir"]) / WORKING_FOLDER).use()
        with sections_of(script):
            *_, outcome = gen_rst.generate_file_rst(script.name, str(page_folder), str(script.parent), dict(gallery_conf))
        report = outcome.get("formatted_exception", "")
        if not gen_rst.executable_script(str(script), gallery_conf):  # filename_pattern: it is shown, not run
            (page_folder / f"{script.name}.md5").write_text(get_md5sum(script, mode="t"), encoding="utf-8")
        for observer in observers if not report else ():
            observer.finish(ScriptResults(page_folder, script.stem))
        if not report and (hosts := isolation.asked_for()):
            raise BuildError(f"an example may not reach the network, and this one asked for {', '.join(hosts)}")
    except BaseException as error:  # SystemExit too: it is not for a script to end the process
        report = "".join(traceback.format_exception(error, chain=False))
    left = descendants.end_descendants(os.getpid())
    if report or left:
        pipe.send((report[:REPORT_LENGTH], left[:SHOWN]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if report else 0)  # past all that the build has registered for its own end


def _what_was_raised(script: Path, report: str) -> str:
    """One line on a script that raised: file, line, error."""
    lines = re.findall(rf'File "{re.escape(str(script))}", line (\d+)', report)
    # After the stack the report says what was raised; the message may go on for many lines.
    raised = [line for line in report.splitlines()[1:] if line and not line.startswith(" ")]
    place = name_of(script) + (f":{lines[-1]}" if lines else "")
    told = printable(raised[0] if raised else "it raised an error").removeprefix(_OURS)
    return f"{place}: {told if len(told) <= LONGEST_ERROR else told[:LONGEST_ERROR] + '…'}"


class ExampleProcess:
    """The process of one script.

    Parameters
    ----------
    script : Path
        The script.
    chapter : str
        Its folder of generated pages, relative to the documents: it is named in the page.
    scratch : Path
        Folder for what the script leaves, empty.
    gallery_conf : mapping
        Settings of Sphinx-Gallery.
    observers : sequence of Observer
        They watch the script.
    guard : Guard
        Ends the process if the build cannot do so any more.
    """

    def __init__(
        self,
        script: Path,
        chapter: str,
        scratch: Path,
        gallery_conf: Mapping[str, Any],
        observers: Sequence[Observer],
        guard: Guard,
    ) -> None:
        self.script = script
        self._guard = guard
        self.scratch, self.results = scratch, scratch / chapter
        self.results.mkdir(parents=True)
        self.left: list[str] = []  # commands that the script had not ended at its own end
        self._exceeded = self._report = ""
        self._start = time.monotonic()
        conf = {**gallery_conf, "src_dir": str(scratch)}
        self._reports, pipe = _fork.Pipe(duplex=False)
        self._process = _fork.Process(target=_run, args=(script, self.results, conf, observers, guard, pipe))
        self._process.start()
        guard.watch(self._process.pid)
        pipe.close()
        with suppress(OSError):  # it does the same; whoever comes first
            os.setpgid(self._process.pid, self._process.pid)

    @property
    def process(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def sentinel(self) -> int:
        """Handle that becomes ready when the process ends."""
        return self._process.sentinel

    def is_over(self) -> bool:
        """Whether the script has ended, in whatever way."""
        return not self._process.is_alive()

    def enforce(self, limits: Limits) -> None:
        """End the process if it is beyond one of ``limits``."""
        if time.monotonic() - self._start > limits.seconds:
            self._exceeded = (
                f"it ran for more than {limits.seconds:g} s and was ended; "
                "make it shorter, or raise example_time_limit in conf.py"
            )
        elif descendants.held_bytes(self._process.pid, limits.gib * GIB) > limits.gib * GIB:
            self._exceeded = (
                f"it held more than {limits.gib:g} GiB of memory and was ended; "
                "make it smaller, or raise example_memory_limit in conf.py"
            )
        if self._exceeded:
            self.end()

    def end(self) -> None:
        """End the process, and all that the script has started."""
        process_group.end(self._process.pid)
        self._process.join()
        self._guard.forget(self._process.pid)
        with suppress(EOFError):  # it may have sent nothing
            if self._reports.poll():
                self._report, self.left = self._reports.recv()

    def complaint(self) -> str:
        """Why the results of a script that is over cannot be used; "" if they can."""
        if self._exceeded:
            return f"{name_of(self.script)}: {self._exceeded}"
        status = self._process.exitcode
        if self._report:
            return _what_was_raised(self.script, self._report)
        if status < 0:
            by = signal.Signals(-status)
            guess = "; perhaps the system ran out of memory" if by == signal.SIGKILL else ""
            return f"{name_of(self.script)}: it was ended by {by.name}{guess}"
        if status > 0 or not (self.results / f"{self.script.name}.md5").exists():
            return f"{name_of(self.script)}: it left with status {status} before its end"
        return ""
