"""Says in few lines what sphinx-build complained about, naming the file that a person edits."""

from __future__ import annotations

import re
from pathlib import Path

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WARNING = re.compile(r"^(?P<path>[^:\n]+?)(?::(?P<line>\d*))?(?::<[^>]*>:\d+)?: (?:WARNING|ERROR): (?P<text>.+)$")
_ERROR = re.compile(
    r"^\s*(?:sphinx\.errors\.|[\w.]+\.)?(?P<kind>\w*(?:Error|Exception)): (?P<text>.+?)"
    r"(?=\n\s*\n|\nThe full traceback|\Z)",
    re.MULTILINE | re.DOTALL,
)
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


def condense(log: str, root: Path) -> list[str]:
    """The complaints in what sphinx-build wrote to standard error, one each.

    Parameters
    ----------
    log : str
        Standard error of sphinx-build.
    root : Path
        Root of the project.

    Returns
    -------
    list of str
        Empty if the log holds nothing of a known form.
    """
    log = _COLOUR.sub("", log)
    complaints = []
    for line in log.splitlines():
        if match := _WARNING.match(line):
            complaints.append(f"{edited_file(match['path'], match['line'], root)}: {match['text']}")
        elif match := _PLAIN_WARNING.match(line):
            complaints.append(match["text"])
    errors = list(_ERROR.finditer(log))
    if errors and "Traceback" in log:
        complaints += [line.strip() for line in errors[-1]["text"].splitlines()]
    return list(dict.fromkeys(complaints))
