"""Runs scripts, their mutants and their corrections, and collects the verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import plan
import verdicts
from forks import Lost, run_forked
from lists import Correction, Explanation, ListError, read_corrections, read_explanations
from mutations import Mutant, Script, make_mutants
from script_run import Run, load_late_modules, load_modules, run_script
from verdicts import Verdict

# A mutant gets so many seconds, and so many times what its script takes.
PATIENCE = 60.0
TIMES = 10.0

Progress = Callable[[str], None]


class ScriptError(ValueError):
    """A script does not do what it is meant to do, without any change."""


@dataclass(frozen=True)
class Result:
    """What a campaign found.

    Attributes
    ----------
    scripts : list of str
        Names of all scripts.
    verdicts : list of Verdict
        On each mutant of the sample.
    corrections : int
        How many corrections were noticed.
    problems : list of str
        What is wrong with the lists, one line each.
    """

    scripts: list[str]
    verdicts: list[Verdict]
    corrections: int
    problems: list[str]


def _run_mutant(mutant: Mutant) -> Run:
    mutant.slot.put(mutant.new)
    return run_script(mutant.script)


@dataclass
class Campaign:
    """A campaign over all scripts.

    Attributes
    ----------
    scripts : list of Script
        The scripts.
    folder : Path
        Where the lists lie.
    jobs : int
        How many processes run at the same time.
    progress : callable
        Told what is going on.
    """

    scripts: list[Script]
    folder: Path
    jobs: int
    progress: Progress

    def run(self, every: int = 1, only: str = "") -> Result:
        """Change the formulas, make the wrong examples right, and see what is noticed.

        Parameters
        ----------
        every : int
            Run only each ``every``-th mutant.
        only : str
            Run only the mutants of this script. In a part of the mutants there are no corrections.

        Raises
        ------
        ListError
            If a list is malformed or does not fit the scripts.
        ScriptError
            If a script surprises without any change.
        """
        explanations, corrections = read_explanations(self.folder), read_corrections(self.folder)
        corrected = [correction.apply(self._script(correction.script).complete()) for correction in corrections]
        load_modules(self.scripts)
        mutants = [mutant for script in self.scripts for mutant in make_mutants(script)]
        chosen = [mutant for mutant in mutants if mutant.script is self._script(only)] if only else mutants
        found = self._judge_mutants(mutants, plan.take_sample(chosen, every), explanations)
        problems, noticed = verdicts.find_obsolete(explanations, mutants, found), 0
        if every == 1 and not only:
            unnoticed, noticed = self._judge_corrections(corrections, corrected)
            problems += unnoticed
        return Result([script.name for script in self.scripts], found, noticed, problems)

    def _script(self, name: str) -> Script:
        for script in self.scripts:
            if script.name == name:
                return script
        raise ListError(f"there is no script {name}")

    def _run_all(self, calls: list[Callable[[], Run]], seconds: list[float], what: str) -> list[Run | Lost]:
        answers: dict[int, Run | Lost] = {}
        for index, answer in run_forked(calls, seconds, self.jobs):
            answers[index] = answer
            if len(answers) % 50 == 0 or len(answers) == len(calls):
                self.progress(f"  {what} {len(answers)}/{len(calls)}")
        return [answers[index] for index in range(len(calls))]

    def _run_unchanged(self, scripts: list[Script]) -> dict[str, Run]:
        calls = [partial(run_script, script, trace=True) for script in scripts]
        runs = {}
        for script, answer in zip(scripts, self._run_all(calls, [PATIENCE * TIMES] * len(calls), "unchanged")):
            notice = verdicts.notice_of(answer)
            if notice is not None or isinstance(answer, Lost):
                raise ScriptError(f"{script.name} surprises without any change: {notice.text if notice else ''}")
            load_late_modules(answer)
            runs[script.name] = answer
        return runs

    def _ask(self, mutants: list[Mutant], runs: dict[str, Run]) -> dict[str, Run | Lost]:
        """Run ``mutants``; answers by name. Scripts that are not among ``runs`` run without a change first."""
        new = {mutant.script.name: mutant.script for mutant in mutants if mutant.script.name not in runs}
        runs.update(self._run_unchanged(list(new.values())))
        seconds = [PATIENCE + TIMES * runs[mutant.script.name].seconds for mutant in mutants]
        answers = self._run_all([partial(_run_mutant, mutant) for mutant in mutants], seconds, "mutants")
        return {mutant.name: answer for mutant, answer in zip(mutants, answers, strict=True)}

    def _judge_mutants(
        self, mutants: list[Mutant], sample: list[Mutant], explanations: list[Explanation]
    ) -> list[Verdict]:
        chapters = {mutant.script.chapter for mutant in sample}
        runs = self._run_unchanged([s for s in self.scripts if s.chapter in chapters and plan.mentions_check(s)])
        repeated = plan.find_repeated(self.scripts, runs)
        to_run = [mutant for mutant in sample if (mutant.script.name, mutant.formula.owner) not in repeated]
        answers = self._ask(to_run, runs)
        found = {
            mutant.name: verdicts.judge(mutant, answers[mutant.name], runs[mutant.script.name], explanations)
            for mutant in to_run
        }
        unnoticed = [name for name, verdict in found.items() if verdict.kind in ("survived", "not checked")]
        elsewhere = self._noticed_elsewhere(unnoticed, plan.find_twins(mutants), answers, runs)
        for name in elsewhere:
            del found[name]
        return [found.get(mutant.name, Verdict(mutant, "repeated")) for mutant in sample]

    def _noticed_elsewhere(
        self,
        names: list[str],
        twins: dict[str, list[Mutant]],
        answers: dict[str, Run | Lost],
        runs: dict[str, Run],
    ) -> set[str]:
        """Those of the mutants ``names`` that are noticed in another script which repeats the definition."""
        others = {twin.name: twin for name in names for twin in twins[name] if twin.name not in answers}
        answers = answers | self._ask(list(others.values()), runs)
        return {name for name in names if any(verdicts.notice_of(answers[twin.name]) for twin in twins[name])}

    def _judge_corrections(self, corrections: list[Correction], corrected: list[Script]) -> tuple[list[str], int]:
        calls = [partial(run_script, script) for script in corrected]
        answers = self._run_all(calls, [PATIENCE * TIMES] * len(calls), "corrections")
        return verdicts.judge_corrections([script.chapter for script in self.scripts], corrections, answers)
