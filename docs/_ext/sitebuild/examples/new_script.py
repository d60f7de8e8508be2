"""Lays down a new script in a chapter, and names it there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from sitebuild.examples.build_error import BuildError

# Sentences to replace: nobody is asked to translate them.
GOAL = "After this page you can write a Function that doubles its input. Replace it by yours."
BEFORE = "Read :doc:`/double_backward/saving_inputs` first."
TEXT = "Text stands in comments that begin with ``# %%``, in reStructuredText."
COMMENT = "A comment inside code is translated, too."
PLACEHOLDERS = (GOAL, TEXT, COMMENT)
SCRIPT = '''"""
{title}
{underline}

{goal}

{before}
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The Function
# ------------
#
# {text}


class {name}(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        # {comment}
        return 2 * x

    @staticmethod
    def backward(ctx, grad_output):
        return 2 * grad_output


# %%
# Checks
# ------

x = torch.randn(3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck({name}.apply, x))
print("gradgradcheck", gradgradcheck({name}.apply, x))
'''


def _extend(directive: str, entry: str, text: str) -> str:
    """``text`` with ``entry`` at the end of the first ``directive``, if it has one."""
    options_and_entries = rf"^\.\. {directive}:: *\n(?:   :.*\n)*(?P<entries>(?: *\n)*(?:   \S.*\n)*)"
    match = re.search(options_and_entries, text, re.MULTILINE)
    if not match:
        return text
    before = match["entries"].strip("\n")
    entries = f"{before}\n   {entry}\n" if before else f"   {entry}\n"
    rest = text[match.end("entries") :]
    gap = "\n" if rest and not before else ""  # the blank lines were taken for entries
    return f"{text[: match.start('entries')]}\n{entries}{gap}{rest}"


def add_to_index(index: str, chapter: str, name: str) -> str:
    """Text of a chapter's ``index.rst`` with ``name`` at the end of its cards, if it has any, and of its toctree."""
    index = index.rstrip("\n") + "\n"
    return _extend("toctree", name, _extend("page-cards", f"{chapter}/{name}", index))


def find_chapter(root: Path, chapter: str) -> str:
    """Text of the ``index.rst`` of a chapter; one that has none yet begins with its name.

    Raises
    ------
    BuildError
        If there is no such chapter, or if it cannot take another page.
    """
    index, named = root / "gallery" / chapter / "index.rst", f"gallery/{chapter}/index.rst"
    known = runpy.run_path(str(root / "conf.py"))["sphinx_gallery_conf"]["gallery_dirs"]
    if chapter not in known and index.is_file():
        raise BuildError(f"conf.py does not name the chapter {chapter}; add it to chapters")
    if chapter not in known:
        raise BuildError(
            f"gallery/{chapter} is no chapter; expected CHAPTER to be one of {', '.join(known)}. "
            "For a new chapter, add it to chapters in conf.py first"
        )
    if not index.is_file():
        title = chapter.replace("_", " ").capitalize()
        return f"{title}\n{'=' * len(title)}\n\n.. toctree::\n"
    text = index.read_text(encoding="utf-8")
    if not re.search(r"^\.\. toctree::", text, re.MULTILINE):
        raise BuildError(f"{named} has no toctree; add one, even without entries")
    return text


def is_in_contents(root: Path, chapter: str) -> bool:
    """Whether docs/index.rst leads to a chapter: Sphinx refuses pages to which nothing leads."""
    return f"{chapter}/index" in (root / "docs" / "index.rst").read_text(encoding="utf-8")


def lay_down(root: Path, chapter: str, name: str) -> Path:
    """Write the script and name it in its chapter.

    Parameters
    ----------
    root : Path
        Root of the project.
    chapter, name : str
        Folder of the gallery, and name of the script without suffix.

    Raises
    ------
    BuildError
        If there is no such chapter, if the name cannot be one, or if it is taken.
    """
    index = find_chapter(root, chapter)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise BuildError(f"{name!r} is no name for a script; expected small letters, digits and _, as in my_topic")
    script = root / "gallery" / chapter / f"{name}.py"
    if script.exists():
        raise BuildError(f"gallery/{chapter}/{name}.py is there already")
    title = name.replace("_", " ").capitalize()
    class_name = "".join(part.capitalize() for part in name.split("_"))
    sentences = {"goal": GOAL, "before": BEFORE, "text": TEXT, "comment": COMMENT}
    text = SCRIPT.format(title=title, underline="=" * len(title), name=class_name, **sentences)
    script.parent.mkdir(exist_ok=True)
    script.write_text(text, encoding="utf-8")
    (script.parent / "index.rst").write_text(add_to_index(index, chapter, name), encoding="utf-8")
    return script
