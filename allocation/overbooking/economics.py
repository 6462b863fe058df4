"""What a served, a denied and an unsold unit are worth, and what a number of bookings earns."""

from __future__ import annotations

from collections.abc import Iterator

from allocation.engine.errors import Problem
from allocation.overbooking.checks import (
    AMOUNT_MAX,
    CAPACITY_MAX,
    REVENUES,
    amount_problems,
    capacity_problems,
    choice_problems,
    rate_problems,
    require,
)
from allocation.overbooking.search import bookings_max
from allocation.overbooking.shows import Shows


def critical_ratio(
    show_rate: float, margin: float, denied_cost: float, unsold_cost: float = 0.0, revenue: str = "shows"
) -> float:
    """The probability of being full up to which one more order pays: Cu / (Cu + Co).

    ``revenue`` says who pays. Under ``shows`` an order pays its margin p when it is served, so Cu = p + s and Co is the
    denied cost. Under ``booked`` every accepted order pays, whether it is cancelled or not, and one that is denied
    gets its margin back: p stands for p / q in what an order brings, and the ratio is (p / q + s) / (p + s + Co).

    Source: Talluri and van Ryzin (2004), section 4.2 (``shows``); the example of ``economic_limit`` has the
    same data under both.

    Args:
        show_rate: q, above 0.
        margin: p, what a served unit earns, in money.
        denied_cost: Co, what a denied unit loses on top of the margin that it does not earn. A total D is margin + Co.
        unsold_cost: s, what a unit loses that nobody takes, on top of the margin that it does not earn.
        revenue: ``shows`` or ``booked``.

    Returns:
        The ratio; from 1 on every order pays, as where nothing costs anything.

    Raises:
        SettingError: Something is out of range; every problem is listed.

    >>> round(critical_ratio(0.93, 159, 350), 4)  # Park Hyatt (Cachon and Terwiesch)
    0.3124
    """
    require([*rate_problems(show_rate), *cost_problems(margin, denied_cost, unsold_cost, revenue)], "critical ratio")
    earned = margin / show_rate if revenue == "booked" else margin
    total = margin + unsold_cost + denied_cost
    return float((earned + unsold_cost) / total) if total else 1.0


def expected_profit(
    capacity: int,
    bookings: int,
    shows: Shows,
    margin: float,
    denied_cost: float,
    unsold_cost: float = 0.0,
    revenue: str = "shows",
) -> float:
    """What x accepted units earn on average, in money.

    p E[min(Z, C)] - Co E[(Z-C)+] - s E[(C-Z)+] if those who show up pay (``shows``); p x - (p + Co) E[(Z-C)+]
    - s E[(C-Z)+] if every accepted order does (``booked``).

    Source: Talluri and van Ryzin (2004), section 4.2. The values are those of LINDO's model OVERBOOK: 16 seats at 225,
    a penalty of 100, no-shows of 4 %.

    >>> [round(expected_profit(16, x, Shows(0.96), 225, 100), 2) for x in (16, 17, 18)]
    [3456.0, 3509.63, 3459.35]
    """
    require(
        [
            *capacity_problems(capacity),
            *capacity_problems(bookings, "bookings", bookings_max(CAPACITY_MAX)),
            *cost_problems(margin, denied_cost, unsold_cost, revenue),
        ],
        "expected profit",
    )
    oversold = shows.expected_oversold(capacity, bookings)
    lost = unsold_cost * shows.expected_unsold(capacity, bookings)
    paying = bookings // shows.step * shows.step if revenue == "booked" else shows.mean(bookings)
    return margin * (paying - oversold) - denied_cost * oversold - lost


def cost_problems(margin: object, denied_cost: object, unsold_cost: object, revenue: object) -> list[Problem]:
    """What is wrong with the economics of a unit."""
    return [
        *amount_problems("margin", margin),
        *amount_problems("denied_cost", denied_cost),
        *amount_problems("unsold_cost", unsold_cost),
        *choice_problems("revenue", revenue, REVENUES),
    ]


def economic_problems(
    capacity: object, show_rate: float, margin: float, denied_cost: float, unsold_cost: float, revenue: str
) -> list[Problem]:
    """What is wrong with the arguments of ``economic_limit``."""
    problems = [
        *capacity_problems(capacity),
        *rate_problems(show_rate),
        *cost_problems(margin, denied_cost, unsold_cost, revenue),
    ]
    return problems or list(balance_problems(show_rate, margin, denied_cost, unsold_cost, revenue))


def balance_problems(
    show_rate: float, margin: float, denied_cost: float, unsold_cost: float, revenue: str
) -> Iterator[Problem]:
    """Costs at which overbooking ends somewhere: at some point a further order must cost more than it brings."""
    if denied_cost == 0:
        yield Problem(
            ("denied_cost",),
            "at 0 a denied unit loses nothing, and there is no finite limit; give a cost above 0, or ask for a "
            "service limit",
        )
    elif critical_ratio(show_rate, margin, denied_cost, unsold_cost, revenue) < 1:
        return
    elif revenue == "booked":
        least = margin * (1 - show_rate) / show_rate
        above = f"a cost above {least:g}, or " if least < AMOUNT_MAX else ""
        yield Problem(
            ("denied_cost",),
            f"at {denied_cost:g} there is no finite limit: where cancelled orders pay (revenue booked), every further "
            f"order brings more than it costs; give {above}revenue shows",
        )
    else:
        text = f"{denied_cost:g} is lost in the rounding beside a margin of {margin:g}; give a larger cost"
        yield Problem(("denied_cost",), text)
