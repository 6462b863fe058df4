"""Named random streams: one a purpose, so that no purpose shifts the draws of another.

Replication `r` under seed `s` draws the same customers and the same supply whatever the policy: common random numbers.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np


def stream(seed: int, replication: int, purpose: str) -> np.random.Generator:
    """The generator of one purpose in one replication.

    Args:
        seed: Seed of the whole experiment, at least 0.
        replication: Number of the replication, from 0.
        purpose: Name of what is drawn, such as ``"arrivals"``.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, replication, crc32(purpose.encode())])))


class Streams:
    """The streams of one replication; every purpose may be asked for once."""

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._taken: list[str] = []

    def __call__(self, purpose: str) -> np.random.Generator:
        """The generator of a purpose, at its start."""
        if purpose in self._taken:
            raise ValueError(f"the stream {purpose} is in use: two purposes must not share draws")
        self._taken.append(purpose)
        return stream(self.seed, self.replication, purpose)
