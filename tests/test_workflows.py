"""What runs on GitHub runs what was read, with the least rights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import PROJECT

WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_action_is_named_by_its_commit(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action), action


def test_an_action_has_one_commit_for_each_version() -> None:
    used = {line for path in WORKFLOWS for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))}
    commits = {re.sub(r"@.*#", "", line) for line in used}
    assert len(commits) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_unless_a_job_says_more(path: Path) -> None:
    assert "\npermissions:\n  contents: read\n" in path.read_text(encoding="utf-8")


def test_what_strangers_propose_is_tested_without_secrets() -> None:
    text = (PROJECT / ".github/workflows/proposals.yml").read_text(encoding="utf-8")
    assert re.search(r"^  pull_request:", text, re.MULTILINE)
    assert "run: .ci/run" in text
    assert "persist-credentials: false" in text
    assert not re.search(r"secrets\.|pull_request_target|github\.token|: write|write-all", text)
