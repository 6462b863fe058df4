"""Sentences about waves, built from numbers."""

from __future__ import annotations

from math import isnan

from allocation.analysis.supply_risk import DRAWS, is_risky
from allocation.analysis.tables import estimate_text
from allocation.analysis.waits import Waits
from allocation.analysis.waves import (
    WEEK_LATER,
    WITHOUT_LATER,
    WORTH,
    WaveStudy,
    compared_with_configured,
    supply_dates,
)
from allocation.analysis.wording import with_half_width

_N = "n\u00a0=\u00a0"


def waves_answer(study: WaveStudy, waits: Waits) -> str:
    """What the later waves are worth, and what a customer waits; or that there is only one wave."""
    mean, n = waits.mean_days, study.swept.replications
    waited = f"who gets a unit waits {estimate_text(mean.mean, mean.half_width)} days for it on average"
    if isnan(mean.mean):
        waited = "there are replications in which nobody gets a unit"
    basis = f"means of {n} replications, 95% t intervals"
    dates = supply_dates(study.scenario)
    if len(dates) <= 1:
        wave = f"one wave, {dates[0]}" if dates else "no wave"
        return (
            f"This launch has {wave}: nobody can be promised a later one, so that waves.assignment and waves.move_up "
            f"change nothing; {waited} ({basis})."
        )
    later = ", ".join(f"{day}" for day in dates[1:])
    plural = "waves" if len(dates) > 2 else "wave"  # noqa: PLR2004 - the first one and one more
    if WITHOUT_LATER not in study.names:
        return f"This launch has {len(dates)} waves; {waited} ({basis})."
    lost = _change(study, WORTH, WITHOUT_LATER)
    verb = "are" if len(dates) > 2 else "is"  # noqa: PLR2004
    return (
        f"The later {plural} ({later}) {verb} worth {study.scenario.currency} {lost['profit']} of profit and "
        f"{lost['allocated_units']} more units given out; {_delay(study)}{waited} ({basis}; differences paired by "
        "replication)."
    )


def about_worth(study: WaveStudy) -> str:
    """What is compared to see what later waves are worth."""
    if _is_single(study):
        return "This launch has a single wave, so that there is no second one to be worth anything."
    about = "The launch without its later waves, and with them a week later, against the launch as configured."
    return f"{about} {_left_out(study)}".rstrip()


def about_assignment(study: WaveStudy) -> str:
    """How waves are assigned, and that other ways are compared."""
    if _is_single(study):
        return "This launch has a single wave: there is no later one to be promised, and none to move up from."
    waves = study.scenario.policy.waves
    way = f"waves.assignment is {waves.assignment}, waves.move_up is {str(waves.move_up).lower()}"
    return f"Other ways to assign waves against the launch as configured ({way}). {_left_out(study)}".rstrip()


def about_distribution(study: WaveStudy) -> str:
    """Whether supply is at risk."""
    if is_risky(study.scenario):
        return "How late and how short the deliveries at risk come."
    return "The scenario's deliveries are certain: each comes whole and on its date."


def about_risk(study: WaveStudy) -> str:
    """Which other risks are compared."""
    if is_risky(study.scenario):
        about = "None of the risk, and several times its probabilities, against the launch as configured."
        return f"{about} {_left_out(study)}".rstrip()
    return (
        "What if every delivery came short by so much, and nobody knew before its day: against the launch as "
        f"configured. {_left_out(study)}"
    ).rstrip()


def same_customers(study: WaveStudy) -> str:
    """What a comparison of variants rests on."""
    n, seed = study.swept.replications, study.swept.seed
    return (
        f"{_N}{n} replications, numbers 0 to {n - 1} of seed {seed}, the same customers in every variant; whiskers and "
        "± are 95% t intervals for the mean, and differences are paired by replication."
    )


def of_waits(waits: Waits) -> str:
    """What waits rest on."""
    n = waits.replications
    return (
        f"Means of {_N}{n} replications, numbers 0 to {n - 1} of seed {waits.seed}; bands and ± are 95% t intervals "
        "for the mean, each by itself."
    )


def of_draws(study: WaveStudy) -> str:
    """What the distribution of a delivery's risk rests on."""
    return (
        f"{_N}{DRAWS:,} draws, replications 0 to {DRAWS - 1} of seed {study.swept.seed}; whiskers and brackets are 95% "
        "Wilson intervals."
    )


def _change(study: WaveStudy, question: str, variant: str) -> dict[str, str]:
    """How much more the launch as configured has than a variant."""
    frame = compared_with_configured(study, question)
    own = frame[frame["variant"] == variant].set_index("measure")
    return {
        str(name): with_half_width(0.0 - float(row["difference"]), float(row["difference_half_width"]))
        for name, row in own.iterrows()
    }


def _delay(study: WaveStudy) -> str:
    if WEEK_LATER not in study.names:
        return ""
    frame = compared_with_configured(study, WORTH)
    row = frame[(frame["variant"] == WEEK_LATER) & (frame["measure"] == "days_to_unit")].iloc[0]
    profit = _change(study, WORTH, WEEK_LATER)["profit"]
    costs = f"costs {study.scenario.currency} {profit}" if profit != "0" else "costs no profit"
    waves = "it" if len(supply_dates(study.scenario)) == 2 else "them"  # noqa: PLR2004
    if isnan(row["difference"]):
        return f"a week's delay of {waves} {costs}; "
    longer = estimate_text(float(row["difference"]), float(row["difference_half_width"]))
    return f"a week's delay of {waves} {costs} and lets those served wait {longer} days longer on average; "


def _is_single(study: WaveStudy) -> bool:
    return len(supply_dates(study.scenario)) <= 1


def _left_out(study: WaveStudy) -> str:
    return " ".join(f"Left out is {name}: {why}." for name, why in study.left_out.items())
