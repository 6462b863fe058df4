"""The newsvendor: one quantity for a demand that is not known yet.

With demand as the no-shows, and units booked beyond the capacity as the quantity, it is overbooking itself.
"""

from __future__ import annotations

from allocation.engine.errors import Problem
from allocation.overbooking.checks import amount_problems, require
from allocation.overbooking.demand import Demand


def newsvendor(demand: Demand, underage: float, overage: float) -> float:
    """The quantity that costs least on average, in units.

    The smallest y with F(y) >= Cu / (Cu + Co). For discrete demand it is whole: the quantile is rounded up.

    Source: Cachon and Terwiesch, Matching Supply with Demand. Example: Park Hyatt Philadelphia, no-shows ~
    Poisson(8.5), an empty room loses 159, a denied guest costs 350: overbook 7 rooms.

    Args:
        demand: What is asked for, in units; for overbooking the no-shows.
        underage: Cu, what one unit too few loses, in money; for overbooking an unsold unit.
        overage: Co, what one unit too many loses, in money, above 0; for overbooking a denied unit.

    Raises:
        SettingError: A cost is out of range, or both are 0.

    >>> from allocation.overbooking.demand import PoissonDemand
    >>> newsvendor(PoissonDemand(8.5), 159, 350)
    7.0
    """
    _require(underage, overage)
    return demand.quantile(underage / (underage + overage))


def newsvendor_cost(demand: Demand, quantity: float, underage: float, overage: float) -> float:
    """What a quantity loses on average, in money.

    Co E[(y-D)+] + Cu E[(D-y)+], where E[(y-D)+] = y - E[D] + E[(D-y)+].

    Source: Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd ed. (2019), section 4.3; its example 4.7 (Poisson
    demand of mean 6, holding 1, stockout 4, base stock 8) costs 3.57.

    Arguments and errors are those of ``newsvendor``.

    >>> from allocation.overbooking.demand import PoissonDemand
    >>> round(newsvendor_cost(PoissonDemand(6), 8, 4, 1), 7)
    3.5701069
    """
    _require(underage, overage)
    short = demand.shortage(quantity)
    return overage * (quantity - demand.mean + short) + underage * short


def _require(underage: float, overage: float) -> None:
    problems = [*amount_problems("underage", underage), *amount_problems("overage", overage)]
    if not problems and not (underage > 0 and overage > 0 and underage / (underage + overage) < 1):
        problems.append(
            Problem(
                ("underage", "overage"),
                f"{underage} and {overage}: with one side next to nothing, no finite quantity is best; give more",
            )
        )
    require(problems, "newsvendor")
