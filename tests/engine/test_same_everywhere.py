"""The same tape gives the same decisions in any process: any hash seed, compiled or not, any processor features."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.decide import digest_of

ROOT = Path(__file__).parents[2]
SEEDS = (1, 3, 7, 12, 25, 31)
SETTINGS = ("PYTHONHASHSEED", "NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK", "NPY_DISABLE_CPU_FEATURES")


def digest_elsewhere(**settings: str) -> str:
    """The digest of another process with these settings, and the others at their defaults."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    paths = [str(ROOT), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    command = [sys.executable, "-m", "tests.engine.decide", *(str(seed) for seed in SEEDS)]
    result = subprocess.run(command, cwd=ROOT, env=environment | settings, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def here() -> str:
    """The digest of this process, compiled or not."""
    return digest_of(list(SEEDS))


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_same_decisions_under_any_hash_seed(here: str, seed: str) -> None:
    assert digest_elsewhere(PYTHONHASHSEED=seed, NUMBA_DISABLE_JIT="1") == here


def test_same_decisions_compiled_under_another_hash_seed(here: str) -> None:
    assert digest_elsewhere(PYTHONHASHSEED="2") == here


def test_same_decisions_on_a_processor_with_fewer_features(here: str) -> None:
    assert digest_elsewhere(NPY_DISABLE_CPU_FEATURES="X86_V3 X86_V4") == here


@pytest.mark.slow
def test_same_decisions_with_bounds_checking(here: str) -> None:
    assert digest_elsewhere(NUMBA_BOUNDSCHECK="1") == here


def test_digest_tells_tapes_apart() -> None:
    assert digest_of([1]) != digest_of([3])
