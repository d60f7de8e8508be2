"""An example reaches no network, and one that tries is named; its own processes may talk to each other."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess

import pytest
from conftest import Site, command

ASKS = """
import urllib.request

urllib.request.urlopen("http://192.0.2.1/", timeout=3)
"""
HIDES = """
import socket

for host in ("example.org", b"example.com", "192.0.2.1", "2001:db8::1"):
    try:
        socket.create_connection((host, 80), timeout=3)
    except OSError:
        pass
"""
# The process that it starts knows nothing of hooks.
SENDS_ANOTHER = """
import subprocess
import sys

code = "import socket; print(socket.socket().connect_ex(('127.0.0.1', {port})) or 'reached')"
print("answer", subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
"""
TALKS_TO_ITSELF = """
import socket
import threading

server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b"hello")).start()
with socket.create_connection(server.getsockname()) as client:
    print(client.recv(5).decode())
"""


def told(site: Site, name: str, code: str) -> list[str]:
    """What a build with one more example says of it."""
    site.add_example(name, code)
    result = site.build()
    return [line.strip() for line in result.stderr.splitlines() if f"{name}.py" in line]


def test_an_example_that_asks_for_the_network_is_named(small_site: Site) -> None:
    asked = "an example may not reach the network, and this one asked for"
    (line,) = told(small_site, "asks", ASKS)
    assert line == f"gallery/double_backward/asks.py:11: urllib.error.URLError: <urlopen error {asked} 192.0.2.1>"
    small_site.write("gallery/double_backward/asks.py", '"""\nAsks\n====\n"""\n\nprint("no more")\n')
    (line,) = told(small_site, "hides", HIDES)
    assert line == f"gallery/double_backward/hides.py: {asked} example.org, example.com, 192.0.2.1, 2001:db8::1"


def has_networks_of_its_own() -> bool:
    """Whether this system lets a process have one."""
    unshare = shutil.which("unshare")
    options = ["--net"] if os.geteuid() == 0 else ["--user", "--net"]
    return bool(unshare) and subprocess.run([unshare, *options, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_networks_of_its_own(), reason="this system gives no process a network of its own")
@pytest.mark.parametrize("privileged", [True, False])
def test_what_an_example_starts_reaches_only_itself(small_site: Site, privileged: bool) -> None:
    build = command("build_site", "--languages", "en")
    if not privileged and os.geteuid() == 0:
        drop = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
        if subprocess.run([*drop, "unshare", "--user", "--net", "true"], capture_output=True, check=False).returncode:
            pytest.skip("only root has a network of its own here")
        build = drop + build
    with socket.create_server(("127.0.0.1", 0)) as server:
        small_site.add_example("sends", SENDS_ANOTHER.format(port=server.getsockname()[1]))
        small_site.add_example("talks", TALKS_TO_ITSELF)
        result = subprocess.run(build, cwd=small_site.root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    answer = small_site.page("en", "double_backward/sends").select_one(".sphx-glr-script-out pre").get_text()
    assert answer.split()[0] == "answer" and "reached" not in answer
    assert "hello" in small_site.page("en", "double_backward/talks").get_text()
