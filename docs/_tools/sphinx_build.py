"""Runs sphinx-build, and says in few lines what it complained about."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

import error_report
from build_error import BuildError

sys.path.append(str(Path(__file__).parent.parent / "_ext"))
import process_group  # noqa: E402 - it also serves the extensions

WORK = Path("build/stages")


def sphinx(root: Path, builder: str, language: str, languages: list[str], out: Path, options: list[str]) -> None:
    """Run one sphinx-build; its warnings are errors.

    Raises
    ------
    BuildError
        If it ends with another status than 0.
    """
    # Everything is read and written anew, which takes a second: what Sphinx remembers of an earlier
    # build knows nothing of catalogues of the interface, of our modules or of a failure in between.
    shutil.rmtree(out, ignore_errors=True)
    doctrees = root / WORK / "doctrees" / ("gettext" if builder == "gettext" else language)
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-c", str(root), "-d", str(doctrees)]
    command += ["-E", "-a", "-q", "-W", "--keep-going", "-D", f"language={language}"]
    command += ["-D", f"site_languages={','.join(languages)}", *options, str(root / "docs"), str(out)]
    result = process_group.run(command, root)
    log = root / WORK / f"{builder}-{language}.log"
    log.write_text(result.stderr, encoding="utf-8")
    if result.returncode != 0:
        complaints = error_report.condense(result.stderr, root) or [result.stderr.strip()]
        if result.returncode < 0:
            complaints = [f"sphinx-build was ended by {signal.Signals(-result.returncode).name}"]
        listed = "\n  ".join(complaints)
        raise BuildError(f"The site was not built ({builder}, {language}):\n  {listed}\nAll details: {log}")
