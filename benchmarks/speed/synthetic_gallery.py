"""Writes a site with as many examples as one likes, each with a Function, checks and a graph of its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

PROJECT = Path(__file__).parents[2]
MACHINERY = ("_ext", "_templates", "_static", "_inventories")
CHAPTER = "synthetic"

SCRIPT = '''"""
Power {number}
{underline}

After this page you have seen :math:`y = {factor} x^{{{power}}}` and both of its derivatives.

Nothing has to be read before.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed({number})

# %%
# The Function
# ------------
#
# ``forward`` saves its input.


class Power{number}(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        # Attached to the graph, because it is an input.
        ctx.save_for_backward(x)
        return {factor} * x**{power}

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * {factor} * {power} * x ** ({power} - 1)


# %%
# Checks
# ------

x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(Power{number}.apply, x))
print("gradgradcheck", gradgradcheck(Power{number}.apply, x))

# %%
# The graph
# ---------

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
out = Power{number}.apply(x)
(grad_x,) = torch.autograd.grad(out.sum(), x, create_graph=True)
make_dot((grad_x, x, out), params={{"x": x, "out": out, "grad_x": grad_x}})
'''


def settings_with(chapter: str) -> str:
    """The project's conf.py for a site that has ``chapter`` instead of its own, and none of its pages.

    Raises
    ------
    RuntimeError
        If conf.py does not hold what has to be changed.
    """
    settings = (PROJECT / "conf.py").read_text(encoding="utf-8")
    changes = {r"^chapters = .*?$": f'chapters = ["{chapter}"]', r"^gradient_flows = \[.*?^\]$": "gradient_flows = []"}
    for pattern, changed in changes.items():
        settings, count = re.subn(pattern, changed, settings, flags=re.MULTILINE | re.DOTALL)
        if count != 1:
            raise RuntimeError(f"conf.py has {count} places that look like {pattern}; expected one")
    return settings


def write(root: Path, count: int) -> None:
    """Write a whole site.

    Parameters
    ----------
    root : Path
        Folder of the site, which does not exist yet.
    count : int
        Number of examples.
    """
    ignored = shutil.ignore_patterns("__pycache__")
    for name in MACHINERY:
        shutil.copytree(PROJECT / "docs" / name, root / "docs" / name, ignore=ignored)
    (root / "conf.py").write_text(settings_with(CHAPTER), encoding="utf-8")
    shutil.copy(PROJECT / "requirements.txt", root / "requirements.txt")
    shutil.copytree(PROJECT / "locks", root / "locks", ignore=ignored)
    gallery = root / "gallery" / CHAPTER
    gallery.mkdir(parents=True)
    numbers = range(1, count + 1)
    for number in numbers:
        title = f"Power {number}"
        text = SCRIPT.format(
            number=number, underline="=" * len(title), factor=1 + number % 7, power=2 + number % 5
        )
        (gallery / f"power_{number}.py").write_text(text, encoding="utf-8")
    entries = "\n".join(f"   power_{number}" for number in numbers)
    index = f"Synthetic\n=========\n\nMany examples.\n\n.. graph-legend::\n\n.. toctree::\n\n{entries}\n"
    (gallery / "index.rst").write_text(index, encoding="utf-8")
    home = f"Home\n====\n\nA large site.\n\n.. _checks:\n\n.. check-table::\n\n.. toctree::\n\n   {CHAPTER}/index\n"
    (root / "docs" / "index.rst").write_text(home, encoding="utf-8")
