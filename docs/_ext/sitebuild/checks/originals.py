"""Holds the public functions by which an example is judged: a script that puts its own in their place shows nothing."""

from __future__ import annotations

import importlib
from typing import Any

# Module, and what it offers under that name.
_PLACES = (
    ("torch.autograd", "gradcheck"),
    ("torch.autograd", "gradgradcheck"),
    ("torch.autograd.gradcheck", "gradcheck"),
    ("torch.autograd.gradcheck", "gradgradcheck"),
    ("torch.library", "opcheck"),
    ("torch.testing", "assert_close"),
    ("torch", "allclose"),
    ("torch", "equal"),
    ("torch", "compile"),
    ("torch", "vmap"),
    ("torch.func", "vmap"),
)
# As they were when the example began, with what observes them; and those that it has replaced.
_held: dict[tuple[str, str], Any] = {}
_replaced: dict[tuple[str, str], None] = {}


def _now(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name, None)


def hold() -> None:
    """Remember the functions as they are: a script begins."""
    _held.clear()
    _replaced.clear()
    _held.update({place: _now(*place) for place in _PLACES})


def look() -> None:
    """Note which of them are others now: a code block has run, and a later one may put them back."""
    _replaced.update({place: None for place, function in _held.items() if _now(*place) is not function})


def replaced() -> list[str]:
    """Full names of those that were found to be others."""
    look()
    return [f"{module}.{name}" for module, name in _replaced]
