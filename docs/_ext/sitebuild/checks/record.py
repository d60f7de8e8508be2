"""One check that ran: what was checked, on which inputs, how closely, with which outcome."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

# What a check can show about a function.
CAPABILITIES = ("first order", "second order", "forward mode", "vmap", "compile", "opcheck")


@dataclass(frozen=True)
class CheckRecord:
    """One check that ran.

    Attributes
    ----------
    check : str
        "gradcheck", "gradgradcheck", "vmap", "compile" or "opcheck".
    order : int
        Order of the derivative that is compared with finite differences; 0 if none is.
    function : str
        Name of what was checked; for ``Square.apply`` that is "Square".
    inputs : tuple of str
        Shape and dtype of each tensor input, such as "(4, 3) float64".
    eps, atol, rtol : float or None
        Step of the finite differences, absolute and relative tolerance; None without a derivative.
    passed : bool
        Whether the derivatives agreed.
    message : str
        First line of what the check said when it failed, else "".
    line : int
        Line of the call in its script, from 1.
    block : int
        Code block of the script in which it ran, from 0.
    capabilities : tuple of str
        What the check shows, of :data:`CAPABILITIES`. If it failed, the last of them failed.
    """

    check: str
    order: int
    function: str
    inputs: tuple[str, ...]
    eps: float | None
    atol: float | None
    rtol: float | None
    passed: bool
    message: str
    line: int
    block: int = 0
    capabilities: tuple[str, ...] = ()

    @property
    def decides(self) -> tuple[str, ...]:
        """Capabilities about which the outcome says something: a failure leaves the others open."""
        return self.capabilities if self.passed else self.capabilities[-1:]


def save(records: list[CheckRecord], path: Path) -> None:
    """Write ``records`` as JSON, the same bytes for equal records."""
    path.write_text(json.dumps([asdict(record) for record in records], indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> list[CheckRecord]:
    """Read records that :func:`save` wrote."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    tuples = ("inputs", "capabilities")
    return [
        CheckRecord(**{**entry, **{name: tuple(entry[name]) for name in tuples}})
        for entry in entries
    ]


def records_of_chapter(generated: Path) -> dict[str, list[CheckRecord]]:
    """Records of each script of a chapter, from its folder of generated pages."""
    suffix = ".checks.json"
    return {path.name.removesuffix(suffix): load(path) for path in sorted(generated.glob(f"*{suffix}"))}
