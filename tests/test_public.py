"""The public names of the package, and that they come at a price: nothing heavy before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import allocation

PUBLIC = {
    "AllocationEngine",
    "AllocationError",
    "Policy",
    "Run",
    "Scenario",
    "check",
    "list_scenarios",
    "load_policy",
    "load_run",
    "load_scenario",
    "read_tape",
    "recommend",
    "replay",
    "replicate",
    "sample_tape",
    "simulate",
    "sweep",
    "tune",
    "write_tape",
}


def test_the_public_names_are_exactly_these() -> None:
    assert set(allocation.__all__) == PUBLIC
    assert set(dir(allocation)) == PUBLIC
    assert len(PUBLIC) <= 20


def test_every_public_name_is_there_and_documented() -> None:
    for name in allocation.__all__:
        assert getattr(allocation, name).__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(allocation, "allocate")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from allocation.cli.app import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "heavy = {'numba', 'numpy', 'pandas', 'matplotlib', 'simpy', 'pydantic', 'ruamel'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: []\n")
