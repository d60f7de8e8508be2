"""``make live``: shows the site, and builds it after each edit."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from sitebuild.building.folders import SITE
from sitebuild.examples.build_error import exit_status
from sitebuild.preview import live_server
from sitebuild.preview.edits import Edits
from sitebuild.preview.listening import listen
from sitebuild.preview.progress import Progress
from sitebuild.preview.rebuilding import rebuild


def main(arguments: list[str]) -> None:
    """Serve the site and build what changes, until Ctrl-C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--languages", default="en zh_CN")
    parser.add_argument("--options", default="", help="passed on to sphinx-build, as in a shell")
    parsed = parser.parse_args(arguments)
    root = Path.cwd().resolve()
    build = [sys.executable, "-m", "sitebuild.commands.build_site", "--draft"]
    build += ["--languages", parsed.languages, f"--options={parsed.options}"]
    progress = Progress(parsed.languages.split())
    server = listen(parsed.port, live_server.handler(root / SITE, progress), "make live")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://localhost:{parsed.port}/ (Ctrl-C ends it)", flush=True)
    edits = Edits(root)
    try:
        while True:
            progress.starts()
            progress.ends(rebuild(root, build))
            edits.wait()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
