"""How a sandbox behaves, and the credentials that open it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from allocation.engine.errors import Problem, SettingError

Uniqueness = Literal["enforced", "none"]
Mode = Literal["active", "created"]
CodeIn = Literal["extensions", "message"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Made up, and good for a sandbox only."""

    client_id: str = "SANDBOX"
    client_secret: str = "sandbox-secret-1"  # noqa: S105 - opens nothing but a sandbox on this machine
    username: str = "release-manager"
    password: str = "sandbox-password-1"  # noqa: S105 - the same


@dataclass(frozen=True, slots=True)
class Settings:
    """How a sandbox behaves.

    Attributes:
        uniqueness: Whether the ref of an order, and the username of a customer, can be had once only. The SDK's table
            of errors says so of orders [SDK]; whether an account enforces it must be proved. Refs within an inventory
            catalogue are always unique.
        mode: ``active`` plays the reference workflow: new quantities and positions become ACTIVE, and on hand is
            recomputed. In ``created`` nothing changes but by a client.
        retailer_id: The retailer of the user, whose catalogues there are.
        expires_in_s: Life of an access token. About a day [DOC].
        code_in: Where the codes of errors are: which place a live account uses is not known.
        latency_ms: What a request takes, between these two; half of it before the work is done, half of it after.
        seed: Of latencies, faults and tokens.
        credentials: What opens it.

    Raises:
        SettingError: A number is out of range; all of them are named.
    """

    uniqueness: Uniqueness = "enforced"
    mode: Mode = "active"
    retailer_id: int = 1
    expires_in_s: int = 86_400
    code_in: CodeIn = "extensions"
    latency_ms: tuple[float, float] = (0.0, 0.0)
    seed: int = 0
    credentials: Credentials = field(default_factory=Credentials)

    def __post_init__(self) -> None:
        low, high = self.latency_ms
        rules = (
            ("latency_ms", self.latency_ms, 0 <= low <= high < float("inf"), "needs 0 <= A <= B"),
            ("expires_in_s", self.expires_in_s, self.expires_in_s > 0, "must be above 0"),
            ("retailer_id", self.retailer_id, self.retailer_id > 0, "must be above 0"),
            ("seed", self.seed, self.seed >= 0, "must be 0 or more"),
        )
        problems = [Problem((name,), f"{value!r} {rule}") for name, value, holds, rule in rules if not holds]
        if problems:
            raise SettingError(problems, "sandbox")
