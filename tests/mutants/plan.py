"""Decides which mutants have to run.

A definition that other sections import is changed in the script that defines it, whose checks have to notice. One
that scripts of a chapter repeat, which tests/test_lessons.py holds equal, is changed where a check reaches it; if no
check notices there, the other scripts that repeat it are asked as well.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from mutations import Mutant, Script
from script_run import Run

from sitebuild.checks.gradient_checks import OBSERVED

Reached = dict[str, Run]  # by name of the script: its run without a change


def mentions_check(script: Script) -> bool:
    """Whether a check can run in ``script``."""
    names = {node.id for node in ast.walk(script.tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(script.tree) if isinstance(node, ast.Attribute)}
    return not names.isdisjoint(OBSERVED)


def _closeness(script: Script, owner: str, runs: Reached) -> int:
    """How close a definition is to a check: reached by one, in a script that has some, in one that has none."""
    run = runs.get(script.name)
    if run is None or not run.records:
        return 2
    return 0 if any(formula.owner == owner and formula.name in run.reached for formula in script.formulas) else 1


def find_repeated(scripts: Iterable[Script], runs: Reached) -> set[tuple[str, str]]:
    """Script and owner of each definition that stands closer to a check in another script of its chapter."""
    places: defaultdict[tuple[Path, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for script in scripts:
        for formula in script.formulas:
            key = (script.chapter, ast.dump(formula.definition))
            places[key][script.name, formula.owner] = _closeness(script, formula.owner, runs)
    return {
        place
        for holders in places.values()
        for place, closeness in holders.items()
        if closeness > min(holders.values())
    }


def find_twins(mutants: Iterable[Mutant]) -> dict[str, list[Mutant]]:
    """For each mutant by name, those that make the same change in a repetition of its definition."""
    groups: defaultdict[tuple[object, ...], list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        definition = mutant.formula.definition
        place = (mutant.formula.name, mutant.line - definition.lineno, mutant.column, mutant.change)
        groups[mutant.script.chapter, ast.dump(definition), *place].append(mutant)
    return {
        mutant.name: [twin for twin in group if twin is not mutant] for group in groups.values() for mutant in group
    }


def take_sample(mutants: list[Mutant], every: int) -> list[Mutant]:
    """Each ``every``-th mutant, the same ones at every call; 1 takes all."""
    return mutants[every // 2 :: every]
