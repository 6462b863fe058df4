"""The README's own commands and programs work, in its order, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = ".venv/bin/allocation"


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(README.read_text(encoding="utf-8")) if kind == language]


def commands() -> list[str]:
    lines = [line.partition("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith((COMMAND, "sed ")) and not needs_a_server(line)]


def needs_a_server(line: str) -> bool:
    """Whether a command serves until it is interrupted, or asks one that does: tests/cli/test_live.py runs those."""
    return " sandbox " in line or "--sandbox http" in line


def test_the_readme_shows_commands_and_programs() -> None:
    assert len(commands()) >= 10
    assert len(blocks("python")) >= 2


@pytest.mark.slow
def test_the_commands_of_the_readme(tmp_path: Path) -> None:
    program = f"{sys.executable} -m allocation"
    for line in commands():
        # Fewer replications than a person would want, so that all of it takes a minute.
        short = " --replications 2 --jobs 2" if "report run" in line else ""
        done = subprocess.run(
            line.replace(COMMAND, program) + short,
            shell=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(README.parent), "ALLOCATION_STATE_DIR": str(tmp_path / "state")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done)
    assert (tmp_path / "reports" / "index.html").is_file()


def test_the_programs_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    order = names["order"]
    assert order[0].after == "RESERVED"
    arithmetic = order[0].arithmetic
    assert (arithmetic.supply_by, arithmetic.limit, arithmetic.promised, arithmetic.atp) == (1500, 1575, 0, 1575)


def test_the_policy_of_the_readme_is_the_default_one(tmp_path: Path) -> None:
    from allocation.engine.policy import DEFAULT_POLICY
    from allocation.scenario import load_policy

    (text,) = blocks("yaml")
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    assert load_policy(file) == DEFAULT_POLICY
