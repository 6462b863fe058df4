"""Named streams, customers' latent draws and supply risk: a scenario becomes a policy-free tape.

This package holds the only random generators of the project.
"""

from __future__ import annotations

from allocation.sampling.rest import Past, past_of, sample_rest
from allocation.sampling.supply import Arrival, sample_arrivals
from allocation.sampling.tape import sample_tape

__all__ = ["Arrival", "Past", "past_of", "sample_arrivals", "sample_rest", "sample_tape"]
