"""What an apply came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allocation.live.reconciling import WRONG, Row, Verdict, counts


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply came to.

    Attributes:
        rows: One for each order of the plan, and for each that nobody planned.
        sent: Orders that this apply sent.
        skipped: Reservations that were left out, each with the reason.
        crossed: Reservations whose holds and orders contradict each other, because somebody changed or ended the one or
            the other, each with what is so: both are left as they are.
        holds_left: Reservations whose holds are not written, each with the reason.
        stopped: Why it stopped before the end, empty where it did not.
        unreachable: Whether that is because the system cannot be reached.
        warnings: What a person should look at.
    """

    rows: tuple[Row, ...]
    sent: int = 0
    skipped: Mapping[str, str] = field(default_factory=dict)
    crossed: Mapping[str, str] = field(default_factory=dict)
    holds_left: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""
    unreachable: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Rows by verdict."""
        return counts(self.rows)

    @property
    def has_unknown(self) -> bool:
        """Whether nobody knows of something."""
        return any(row.verdict is Verdict.UNKNOWN for row in self.rows) or bool(self.holds_left)

    @property
    def is_wrong(self) -> bool:
        """Whether a person must look into something."""
        return any(row.verdict in WRONG for row in self.rows) or bool(self.crossed)
