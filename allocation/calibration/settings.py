"""How a history is to be read: what its columns, statuses and tiers are called, and what a file of it does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from allocation.engine.errors import Problem, SettingError
from allocation.scenario.ranges import suggestion
from allocation.scenario.wording import shown

ROLES = ("placed", "status", "status_at", "tier", "quantity", "due")
"""What a column can be. The first three must be there; without a `tier` or `quantity` nothing is said of them."""
NEEDED = ROLES[:3]
MEANINGS = ("cancelled", "served", "open", "unpaid", "denied", "omitted")
"""What a status can mean: the customer cancelled; kept it until it was released; it is open; the customer never paid;
the seller let go of it (refused, oversold, not selected); or it is to be left out, such as a test order."""
WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("cancelled", "canceled"), "cancelled"),
        **dict.fromkeys(("served", "allocated", "fulfilled", "shipped", "delivered", "completed"), "served"),
        **dict.fromkeys(("open", "reserved", "queued", "waitlisted", "confirmed", "pending"), "open"),
        **dict.fromkeys(("unpaid", "expired"), "unpaid"),
        **dict.fromkeys(("denied", "rejected", "oversold", "not_selected", "not_fulfilled"), "denied"),
    }
)
"""What a status means where nobody says; upper and lower case are alike."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a history is to be read.

    Attributes:
        columns: The column of each role, where it is not called so itself.
        statuses: What each status means, one of `MEANINGS`; for those that are not named, `WORDS` holds.
        tiers: The tier of the scenario for each word in the history; words that are not named are tiers themselves.
        timezone: IANA name of the zone in which instants without an offset are meant, and dates; None takes neither.
        ends: When the history ends: what is open then is not known any further. None is the last instant in it.
        due: When the reservations of a history without a column of that role were to be released. None is when the last
            one was served.

    Raises:
        SettingError: With everything that nobody knows.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    tiers: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    ends: datetime | None = None
    due: datetime | None = None

    def __post_init__(self) -> None:
        problems = [
            *(Problem(("columns",), f"unknown role {shown(role)}{suggestion(role, ROLES)}")
              for role in self.columns if role not in ROLES),
            *(Problem(("statuses", word), f"unknown meaning {shown(meaning)}{suggestion(meaning, MEANINGS)}")
              for word, meaning in self.statuses.items() if meaning not in MEANINGS),
            *(Problem((name,), f"{at.isoformat()} has no offset; write one, such as {at.isoformat()}Z")
              for name, at in (("ends", self.ends), ("due", self.due)) if at is not None and at.utcoffset() is None),
        ]  # fmt: skip
        if self.timezone is not None and self.timezone not in (known := available_timezones()):
            hint = suggestion(self.timezone, sorted(known))
            problems.append(Problem(("timezone",), f"{shown(self.timezone)} is no IANA time zone{hint}"))
        if problems:
            raise SettingError(problems, "how to read the history")

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone in which instants without an offset are meant."""
        return None if self.timezone is None else ZoneInfo(self.timezone)

    def meaning(self, word: str) -> str | None:
        """What a status means; None if nobody knows."""
        return self.statuses.get(word, WORDS.get(word.lower()))
