"""The SimPy launch simulator: customers, supply and operations play a policy-free tape through the engine."""

from __future__ import annotations

from allocation.simulation.simulate import simulate

__all__ = ["simulate"]
