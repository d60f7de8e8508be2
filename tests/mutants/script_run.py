"""Runs a script as the build does and tells the first thing that is not as meant.

Statement by statement, so that a mutant's run ends with the check that notices it. To be called in a
process of its own: modules, streams and seeds are left as the script leaves them.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import os
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from types import FrameType, TracebackType

from mutations import Script

from sitebuild.checks import capability_checks, gradient_checks, log
from sitebuild.checks.expectations import find_missing, find_unmeant, read_expectations
from sitebuild.checks.record import CheckRecord
from sitebuild.definitions.chapter_files import completed
from sitebuild.definitions.finder import sections_of
from sitebuild.examples.running_script import EXAMPLE

# A sum that is split among threads rounds differently; plots are drawn into memory.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}
# What a formula calls to note that it ran.
_NOTE = "__note_reached__"
# What it asks before: torch.compile cannot follow such a call.
_IS_COMPILING = "__is_compiling__"


@dataclass(frozen=True)
class Notice:
    """Something that is not as meant.

    Attributes
    ----------
    kind : str
        "check", "assertion", "error" or "lost", when the process did not live to tell.
    text : str
        One line with the place, the check or error, and what it said.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Run:
    """What came of running a script.

    Attributes
    ----------
    notice : Notice or None
        The first thing that was not as meant.
    records : int
        How many checks ran.
    seconds : float
        How long it took.
    reached : frozenset of str
        Names of the formulas that ran inside a check that passed, if that was asked for.
    modules : tuple of str
        What was imported meanwhile, in that order.
    """

    notice: Notice | None
    records: int
    seconds: float
    reached: frozenset[str] = frozenset()
    modules: tuple[str, ...] = ()


def load_modules(scripts: list[Script]) -> None:
    """Import what the scripts import, so that forked children have it already."""
    os.environ.update(ENVIRONMENT)
    for script in scripts:
        for node in ast.walk(ast.parse(completed(script.path))):
            if isinstance(node, ast.Import):
                for name in node.names:
                    importlib.import_module(name.name)
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                importlib.import_module(node.module)


def load_late_modules(run: Run) -> None:
    """Import what a script imported only while it ran: the first ``apply`` of a Function takes hundreds of modules."""
    for name in run.modules:
        if name not in sys.modules:
            with contextlib.suppress(ImportError):  # not everything in sys.modules can be asked for by name
                importlib.import_module(name)


class _Notes:
    """Notes which formulas of a script run inside checks, and in which of them."""

    def __init__(self) -> None:
        self.pending: set[tuple[int, str]] = set()  # position of the check in its statement, formula
        self.reached: set[str] = set()

    def spread(self, script: Script) -> None:
        """Let each formula of ``script`` begin with a call that notes its name."""
        import torch

        setattr(builtins, _NOTE, self._note)
        setattr(builtins, _IS_COMPILING, torch.compiler.is_compiling)
        for formula in script.formulas:
            call = ast.parse(f"{_IS_COMPILING}() or {_NOTE}({formula.name!r})").body[0]
            formula.node.body.insert(0, ast.fix_missing_locations(ast.copy_location(call, formula.node)))

    def _note(self, name: str) -> None:
        if (log.count(), name) not in self.pending and any(map(_belongs_to_check, _stack(sys._getframe(1)))):
            self.pending.add((log.count(), name))

    def settle(self, taken: list[CheckRecord]) -> None:
        """After a statement: a check that fails on purpose tells nothing of the formulas in it."""
        self.reached |= {name for position, name in self.pending if position < len(taken) and taken[position].passed}
        self.pending.clear()


def _belongs_to_check(frame: FrameType) -> bool:
    return frame.f_code.co_filename in (gradient_checks.__file__, capability_checks.__file__)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _place(script: Script, traceback: TracebackType | None) -> str:
    """File and last line of the script in ``traceback``."""
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(script.path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return f"gallery/{script.name}.py:{line}"


def _notice_error(script: Script, error: BaseException) -> Notice:
    first = str(error).strip().partition("\n")[0]
    kind = "assertion" if isinstance(error, AssertionError) else "error"
    text = f"{_place(script, error.__traceback__)}: {type(error).__name__}: {first}"
    return Notice(kind, text.removesuffix(": "))


def _execute(script: Script) -> Iterator[tuple[BaseException | None, list[CheckRecord]]]:
    """Run statement after statement; yield what each raised and the checks that it ran."""
    module = types.ModuleType(EXAMPLE)
    module.__file__ = str(script.path)
    sys.modules[EXAMPLE] = module
    log.start()
    gradient_checks.start()
    capability_checks.start()
    for statement in script.tree.body:
        # Not with the __future__ imports of this module.
        code = compile(ast.Module([statement], []), str(script.path), "exec", dont_inherit=True)
        raised = None
        try:
            exec(code, module.__dict__)
        except (Exception, SystemExit) as error:
            raised = error
        yield raised, log.take()


def _find_notice(script: Script, records: list[CheckRecord], notes: _Notes) -> Notice | None:
    """The first thing that is not as meant; the checks that ran are added to ``records``."""
    expectations = [entry for entry in read_expectations(script.chapter) if entry.script == script.path.stem]
    with sections_of(script.path):
        for raised, taken in _execute(script):
            records += taken
            notes.settle(taken)
            # A check that fails may raise as well: it says more than what it raised.
            unmeant = find_unmeant(script.chapter, script.path.stem, taken, expectations)
            if unmeant:
                return Notice("check", unmeant[0])
            if raised is not None:
                return _notice_error(script, raised)
    missing = find_missing(script.chapter, {script.path.stem: records}, expectations)
    return Notice("check", missing[0]) if missing else None


def run_script(script: Script, *, trace: bool = False) -> Run:
    """Run ``script`` as its tree stands now.

    Parameters
    ----------
    script : Script
        The script; a mutant's change is in its tree already.
    trace : bool
        Whether to note which formulas run inside a check.
    """
    notes = _Notes()
    if trace:
        notes.spread(script)
    records: list[CheckRecord] = []
    start, known = monotonic(), set(sys.modules)
    notice = _find_notice(script, records, notes)
    late = tuple(name for name in sys.modules if name not in known)
    return Run(notice, len(records), monotonic() - start, frozenset(notes.reached), late)
