"""Plays random tapes in a process of its own and prints one digest of every decision: ``python decide.py SEED...``."""

from __future__ import annotations

import hashlib
import sys

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.outcome import outcome
from tests.policies import policy_of
from tests.tapes import random_case


def digest_of(seeds: list[int]) -> str:
    """SHA-256 of the decisions and the outcomes of these tapes."""
    digest = hashlib.sha256()
    for seed in seeds:
        policy, tape = random_case(seed)
        engine = AllocationEngine(policy_of(policy))
        for command in tape:
            engine.apply(command)
        digest.update(repr((list(engine.decisions), outcome(engine))).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest_of([int(seed) for seed in sys.argv[1:]]))
