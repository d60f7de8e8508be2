"""Says in few lines what sphinx-build complained about, naming the file that a person edits."""

from __future__ import annotations

import re
from pathlib import Path

_WARNING = re.compile(
    r"^(?P<path>[^:\n]+?)(?::(?P<line>\d*))?(?::<(?P<part>[^>]*)>:\d+)?: (?:WARNING|ERROR): (?P<text>.+)$"
)
# What to do about a complaint of Sphinx, by a part of it.
_ADVICE = {
    "reference target not found: torch.": "add it to docs/_inventories/torch.txt and run 'make inventory'",
    "document isn't included in any toctree": "name it in a toctree, of its chapter's index.rst or of docs/index.rst",
}
_ERROR = re.compile(
    r"^\s*(?:sphinx\.errors\.|[\w.]+\.)?(?P<kind>\w*(?:Error|Exception)): (?P<text>.+?)"
    r"(?=\n\s*\n|\nThe full traceback|\Z)",
    re.MULTILINE | re.DOTALL,
)
# What a mistake in a program raises; the place of it says more than the text.
_MISTAKES = re.compile(r"(Syntax|Indentation|Name|UnboundLocal|Type|Attribute|Key|Index|Import|ModuleNotFound|Assertion)Error")
_FRAME = re.compile(r'^\s+File "(?P<path>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_PLAIN_WARNING = re.compile(r"^WARNING: (?P<text>\S.*)$")


def edited_file(path: str, line: str | None, root: Path) -> str:
    """File and line that a person edits, for a place in a page.

    A page of an example is generated: its line is looked up in the script by its text.
    """
    page = Path(path)
    if page.is_relative_to(root):
        page = page.relative_to(root)
    script = root / "gallery" / page.parent.name / f"{page.stem}.py"
    if page.suffix != ".rst" or not script.exists():
        copied = root / "gallery" / page.parent.name / page.name
        shown = copied.relative_to(root) if copied.exists() else page
        return f"{shown}:{line}" if line else str(shown)
    wanted = ""
    if line and (root / page).exists():
        lines = (root / page).read_text(encoding="utf-8").split("\n")
        wanted = lines[int(line) - 1].strip() if int(line) <= len(lines) else ""
    for number, text in enumerate(script.read_text(encoding="utf-8").split("\n"), 1):
        if wanted and text.removeprefix("#").strip() == wanted:
            return f"{script.relative_to(root)}:{number}"
    return str(script.relative_to(root))


def _place(match: re.Match[str], root: Path, language: str) -> str:
    """The file that a person edits because of a warning: a script, a page or its catalogue."""
    edited = edited_file(match["path"], match["line"], root)
    if match["part"] != "translated" and "in translated message" not in match["text"]:
        return edited
    page = Path(match["path"])
    domain = (page.relative_to(root / "docs") if page.is_relative_to(root / "docs") else page).with_suffix(".po")
    return f"docs/locale/{language}/LC_MESSAGES/{domain}: the translation of {edited}"


def _mistake(log: str, kind: str, root: Path) -> str:
    """Where in the code of this project, and by which kind of error, a mistake in it was noticed; "" if it is none."""
    if not _MISTAKES.fullmatch(kind):
        return ""
    frames = [(Path(frame["path"]), frame["line"]) for frame in _FRAME.finditer(log)]
    ours = [(path, line) for path, line in frames if path.is_relative_to(root) and ".venv" not in path.parts]
    return f"{ours[-1][0].relative_to(root)}:{ours[-1][1]}: {kind}: " if ours else f"{kind}: "


def condense(log: str, root: Path, language: str) -> list[str]:
    """The complaints in what sphinx-build wrote to standard error, one each.

    Parameters
    ----------
    log : str
        Standard error of sphinx-build.
    root : Path
        Root of the project.
    language : str
        Language of the build.

    Returns
    -------
    list of str
        Empty if the log holds nothing of a known form.
    """
    complaints = []
    for line in log.splitlines():
        if match := _WARNING.match(line):
            advice = next((f"; {todo}" for part, todo in _ADVICE.items() if part in match["text"]), "")
            complaints.append(f"{_place(match, root, language)}: {match['text']}{advice}")
        elif match := _PLAIN_WARNING.match(line):
            complaints.append(match["text"])
    errors = list(_ERROR.finditer(log))
    if errors and "Traceback" in log:
        first, *further = [line.strip() for line in errors[-1]["text"].splitlines()]
        complaints += [_mistake(log, errors[-1]["kind"], root) + first, *further]
    return list(dict.fromkeys(complaints))
