"""The rate to choose: the best that keeps the chance constraint, how sure that is, and what another would lose."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from allocation.analysis.rate_curve import rate_in_force, rates_to_try, setting_of, with_method
from allocation.analysis.tables import rate_text
from allocation.analysis.wording import overbooking_answer, with_half_width
from allocation.montecarlo import Recommendation, recommend
from allocation.montecarlo.start import Tape
from allocation.montecarlo.sweep import RATE
from allocation.scenario.schema import Scenario

_SECOND_STAGE = 50
_VERDICTS = {"yes": "keeps it", "no": "breaks it", "undecided": "not decided"}


def recommend_rate(
    scenario: Scenario,
    replications: int = 120,
    seed: int = 0,
    rates: Sequence[Decimal | float] = (),
    *,
    start: Tape | None = None,
) -> Recommendation:
    """Recommend a rate, the same in every pool, whatever the policy's method.

    With nine rates, 115 replications without an oversold unit are the fewest that show P(oversold) ≤ 5%.

    Args:
        scenario: The launch.
        replications: Of every rate; the second stage has 50 more of those that keep the constraint.
        seed: Of the draws.
        rates: Which; those of `rates_to_try` by default.
        start: The tape of a launch that has begun: what is decided is the rest.

    Raises:
        SettingError: A number is out of its range.
    """
    return recommend(
        with_method(scenario, "constant"),
        tuple(rates) or rates_to_try(scenario),
        replications=replications,
        replications_at_most=_SECOND_STAGE,
        behaviour_replications=0,
        seed=seed,
        start=start,
        progress=False,
    )


def chosen_rate(found: Recommendation) -> float | None:
    """The recommended rate; None where there is none."""
    return None if found.setting is None else float(found.setting.chosen[0])


def rate_looked_at(found: Recommendation) -> float:
    """The recommended rate; where there is none, the one in force if it was tried, or else the most profitable."""
    rate = chosen_rate(found)
    in_force = rate_in_force(found.scenario)
    if rate is None and in_force is not None and setting_of(found.first, in_force) is not None:
        return float(in_force)
    if rate is None:
        profits = [float(found.first.of(number)["profit"].mean()) for number in range(len(found.settings))]
        return float(found.settings[profits.index(max(profits))].chosen[0])
    return rate


def recommended_answer(found: Recommendation, scenario: Scenario, headlines: pd.DataFrame) -> str:
    """The recommendation, then what the policy as configured leads to.

    Args:
        found: As `recommend_rate` gives it.
        scenario: For its policy and currency.
        headlines: As `headline_intervals` gives it.
    """
    return f"{recommendation_sentence(found)} {overbooking_answer(scenario, headlines, found.first)}"


def recommendation_sentence(found: Recommendation) -> str:
    """The recommended rate, the constraint that it keeps, how sure that is, and what it earns."""
    constraint = found.constraint
    limit = "" if constraint is None else f"P(oversold) ≤ {constraint[1]:.0%}"
    of_first = f"{found.first.replications} replications of each of {len(found.settings)} rates"
    rate = chosen_rate(found)
    if found.chosen is None or rate is None:
        lowest = min(found.feasibilities, key=lambda verdict: verdict.estimate)
        at = rate_text(found.settings[found.feasibilities.index(lowest)].chosen[0])
        more = "; more replications would tell" if lowest.verdict == "undecided" else ""
        return (
            f"No rate is recommended: none was shown to keep {limit} in {of_first}; the lowest share of launches that "
            f"oversell is {lowest.estimate:.0%}, at a rate of {at}{more}."
        )
    row = found.table().to_dict("records")[found.chosen]
    earns = f"{found.scenario.currency} {with_half_width(float(row['mean']), float(row['half_width']))}"
    if found.constraint is None:
        return f"Recommended is a rate of {rate_text(rate)}, for a profit of {earns} ({of_first})."
    verdict = found.feasibilities[found.chosen]
    able = sum(other.verdict == "yes" for other in found.feasibilities)
    lead = "the most profitable of those tried that do" if able > 1 else "the only one of those tried that was shown to"
    doubt = "" if found.decided or able == 1 else "; that it is the most profitable is not decided"
    return (
        f"Recommended is a rate of {rate_text(rate)}: it keeps {limit} (oversold in {verdict.successes} of {verdict.n} "
        f"launches, in {verdict.high:.1%} at most) and is {lead}, with {found.confidence:.0%} confidence for both, for "
        f"a profit of {earns} (95% t interval, {of_first}){doubt}."
    )


def recommendation_basis(found: Recommendation) -> str:
    """What the table of a recommendation rests on."""
    n, seed = found.first.replications, found.first.seed
    return (
        f"n\u00a0=\u00a0{n} replications, numbers 0 to {n - 1} of seed {seed}, with the same customers and supply at "
        "every rate; ± are 95% t intervals, probabilities have Clopper and Pearson's 95% intervals, each by itself. "
        "Whether the constraint is kept is judged for all rates together. The loss is paired by replication."
    )


def recommendation_table(found: Recommendation) -> pd.DataFrame:
    """Every rate beside the recommended one, for reading.

    Returns:
        One row a rate: ``rate``, ``remark``, whether it ``keeps the constraint``, ``share_of_launches_oversold`` with
        ``_low`` and ``_high`` (Clopper-Pearson, each by itself), the mean profit with its half-width, what choosing it
        instead of the recommended one would lose (paired; below 0 is what the constraint costs), and ``replications``
        of both stages.
    """
    table, currency = found.table(), found.scenario.currency
    own = table["setting"] == found.chosen
    columns: dict[str, object] = {"rate": table[RATE], "remark": own.map({True: "recommended", False: ""})}
    if found.constraint is not None:
        columns["keeps the constraint"] = table["verdict"].map(_VERDICTS)
        for name, source in (("", "probability"), ("_low", "probability_low"), ("_high", "probability_high")):
            columns[f"share_of_launches_oversold{name}"] = table[source]
    columns |= {f"profit_{currency}": table["mean"], f"profit_{currency}_half_width": table["half_width"]}
    if found.chosen is not None:
        loss = f"loss_if_chosen_instead_{currency}"
        columns |= {loss: table["loss"], f"{loss}_half_width": table["loss_half_width"]}
    return pd.DataFrame(columns | {"replications": table["replications"]})
