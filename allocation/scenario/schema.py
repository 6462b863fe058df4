"""A scenario: one launch, complete enough to be simulated, as one frozen dataclass.

Whatever builds a scenario (a file, a notebook, a sweep) ends here, so a scenario that exists is one that can
be simulated: ``Scenario`` checks what must hold across its sections, and ``Policy`` checks itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from allocation.display import as_html
from allocation.engine.errors import ScenarioError
from allocation.engine.policy import Policy
from allocation.scenario.behaviour import (
    Bathtub,
    Behaviour,
    Cancellation,
    ConstantHazard,
    EarlyRegret,
    Payment,
    Timing,
)
from allocation.scenario.checks import section_problems
from allocation.scenario.demand import (
    Arrivals,
    Demand,
    FlashArrivals,
    Item,
    LaunchArrivals,
    TableArrivals,
    UniformArrivals,
)
from allocation.scenario.distributions import (
    FORBID,
    Beta,
    Choices,
    Distribution,
    Normal,
    NormalShape,
    PerTier,
    Triangular,
    Uniform,
    for_tier,
    freeze,
    mean_of,
    support_of,
    variance_of,
)
from allocation.scenario.sections import (
    CutOff,
    Delivery,
    Economics,
    ExpireRuns,
    Late,
    OrderWindow,
    PoolSupply,
    Published,
    ReleaseRun,
    Schedule,
    Short,
)
from allocation.scenario.wording import listed, short

__all__ = [
    "Arrivals",
    "Bathtub",
    "Behaviour",
    "Beta",
    "Cancellation",
    "Choices",
    "ConstantHazard",
    "CutOff",
    "Delivery",
    "Demand",
    "Distribution",
    "EarlyRegret",
    "Economics",
    "ExpireRuns",
    "FlashArrivals",
    "Item",
    "Late",
    "LaunchArrivals",
    "Normal",
    "NormalShape",
    "OrderWindow",
    "Payment",
    "PerTier",
    "PoolSupply",
    "Published",
    "ReleaseRun",
    "Scenario",
    "Schedule",
    "Short",
    "TableArrivals",
    "Timing",
    "Triangular",
    "Uniform",
    "UniformArrivals",
    "for_tier",
    "mean_of",
    "support_of",
    "variance_of",
]


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """One launch: what is sold, who orders, how they behave, under which policy, and what it is worth.

    Calendar dates are in ``policy.timezone``; money is in ``currency``.

    Raises:
        ScenarioError: With everything that does not fit together.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    version: Literal[1]
    name: str
    title: str
    orders: OrderWindow
    supply: tuple[PoolSupply, ...]
    demand: Demand
    economics: Economics
    schedule: Schedule
    description: str = ""
    currency: str = "USD"
    behaviour: Behaviour = field(default_factory=Behaviour)
    policy: Policy = field(default_factory=Policy)
    published: tuple[Published, ...] = ()

    def __post_init__(self) -> None:
        freeze(self)
        problems = list(section_problems({f.name: getattr(self, f.name) for f in fields(self)}))
        if problems:
            raise ScenarioError(listed(problems), f"scenario {short(self.name)}")

    @property
    def timezone(self) -> str:
        """IANA name of the time zone in which calendar dates are meant."""
        return self.policy.timezone

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which calendar dates are meant."""
        return self.policy.zone

    def __repr__(self) -> str:
        return f"<Scenario {self.name}: {self.title}>"

    def _repr_html_(self) -> str:
        return as_html(self)
