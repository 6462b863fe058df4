"""The cache of compiled rules: an edited rule is compiled anew, though the old one is still in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import allocation

PROGRAM = """
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.compiled import cache_folder, is_compiled
from allocation.engine.outcome import outcome
from allocation.engine.policy import Policy
import numba

warm = is_compiled()
engine = AllocationEngine(Policy())
engine.supply("2025-01-01T00:00:00Z", "A", "B", expected=[{"date": "2025-02-01", "quantity": 101}])
engine.overbooking("2025-01-01T00:00:00Z", "A", "B", 1.5)
limit = outcome(engine)["atp"][0]["limit"]
print(cache_folder().name, warm, bool(numba.config.DISABLE_JIT), limit)
"""
RULE = "    return supply * whole + supply * (pool.rate - whole * MILLION) // MILLION\n"
EDITED = "    return supply * whole + (supply * (pool.rate - whole * MILLION) + MILLION - 1) // MILLION\n"


def limit_in(package: Path, cache: Path, **settings: str) -> tuple[str, bool, int]:
    """The cache folder, whether it was warm, and the limit of 101 units at 1.5 as this copy works it out."""
    environment = {**os.environ, "ALLOCATION_CACHE_DIR": str(cache), "PYTHONPATH": str(package)}
    environment = {**environment, "NUMBA_DISABLE_JIT": "0", "NUMBA_BOUNDSCHECK": "0", **settings}
    command = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    folder, warm, uncompiled, limit = result.stdout.split()
    assert uncompiled == str(settings.get("NUMBA_DISABLE_JIT") == "1")
    return folder, warm == "True", int(limit)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of the package, without anything compiled."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(allocation.__file__).parent, tmp_path / "allocation", ignore=ignore)
    return tmp_path


def edit_a_deep_rule(copy: Path) -> None:
    """Let limits be rounded up, in a rule that others call, four calls below the loop."""
    path = copy / "allocation" / "engine" / "supply.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(RULE) == 1
    path.write_text(text.replace(RULE, EDITED), encoding="utf-8")


@pytest.mark.slow
def test_edited_rule_is_compiled_anew(copy: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before, warm, limit = limit_in(copy, cache)
    assert (warm, limit) == (False, 151)
    assert limit_in(copy, cache) == (before, True, 151)
    edit_a_deep_rule(copy)
    after, warm, limit = limit_in(copy, cache)
    assert (warm, limit) == (False, 152)
    assert after != before
    # Both stay in the cache, each for its own sources.
    assert sorted(path.name for path in cache.iterdir()) == sorted([before, after])


def test_edited_rule_runs_uncompiled(copy: Path, tmp_path: Path) -> None:
    assert limit_in(copy, tmp_path / "cache", NUMBA_DISABLE_JIT="1")[2] == 151
    edit_a_deep_rule(copy)
    assert limit_in(copy, tmp_path / "cache", NUMBA_DISABLE_JIT="1")[2] == 152


def test_bounds_checking_has_a_cache_of_its_own(copy: Path, tmp_path: Path) -> None:
    program = "from allocation.engine.compiled import cache_folder; print(cache_folder())"
    folders = set()
    for check in ("0", "1"):
        environment = {**os.environ, "PYTHONPATH": str(copy), "NUMBA_BOUNDSCHECK": check}
        environment["ALLOCATION_CACHE_DIR"] = str(tmp_path / "cache")
        command = [sys.executable, "-c", program]
        folders.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(folders) == 2
