"""Calls in the text of a script that draw random numbers, or make a generator without a seed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_LAYERS = r"Linear|Bilinear|LazyLinear|(?:Lazy)?Conv\w+|Embedding\w*|LSTM\w*|GRU\w*|RNN\w*|Transformer\w*|MultiheadAttention|\w*Dropout\w*"
# What draws from the generator of a library, by the full name of the call.
DRAWING = {
    "torch": re.compile(
        r"torch\.(?:rand\w*|normal|bernoulli|multinomial|poisson|dropout)|torch\.nn\.init\.\w+_"
        rf"|torch\.nn\.(?:{_LAYERS})|torch\.nn\.functional\.\w*dropout\w*|torch\.utils\.data\.(?:DataLoader|random_split)"
        r"|.*\.(?:normal|uniform|bernoulli|exponential|geometric|cauchy|log_normal|random)_"
    ),
    "numpy": re.compile(r"numpy\.random\.(?!seed|default_rng|RandomState|Generator|get_state|set_state)\w+"),
    "random": re.compile(r"random\.(?!seed|Random|SystemRandom|getstate|setstate)\w+"),
}
_MADE = re.compile(r"numpy\.random\.(?:default_rng|RandomState|seed)|random\.(?:Random|seed)|torch\.(?:random\.)?seed")
_ALWAYS = re.compile(r"random\.SystemRandom|os\.urandom|uuid\.uuid[14]|secrets\.\w+")


def _full_names(tree: ast.Module) -> dict[str, str]:
    """What the names that a script imports stand for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _calls(source: str) -> Iterator[tuple[ast.Call, str]]:
    """Every call in ``source``, with the full name of what is called."""
    tree = ast.parse(source)
    names = _full_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, dot, rest = ast.unparse(node.func).partition(".")
            yield node, names.get(first, first) + dot + rest


def drawing_lines(source: str, library: str) -> list[int]:
    """Lines on which a script calls what draws from the generator of ``library``, a key of :data:`DRAWING`."""
    return sorted(node.lineno for node, name in _calls(source) if DRAWING[library].fullmatch(name))


def unseeded_calls(source: str) -> list[tuple[int, str]]:
    """Line of each call that makes a generator without a seed, and what is wrong with it.

    Raises
    ------
    SyntaxError
        If ``source`` is no Python.
    """
    faults = []
    for node, name in _calls(source):
        if _ALWAYS.fullmatch(name):
            faults.append((node.lineno, f"{name}() gives something else at each run; take random.Random(0), which has a seed"))
        elif _MADE.fullmatch(name) and not node.args and not node.keywords:
            faults.append((node.lineno, f"{name}() gives something else at each run; give it a seed, as in {name}(0)"))
    return sorted(faults)
