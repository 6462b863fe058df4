"""Measures and recommendations in words."""

from __future__ import annotations

from allocation.montecarlo.recommend import Recommendation


def measure_words(name: str, currency: str) -> str:
    """A measure as the heading of a column, with its unit."""
    words = {"oversold_any": "P(oversold)"}.get(name, name.replace("_", " "))
    return f"{words} ({currency})" if name == "profit" else words


def chance_words(name: str) -> str:
    """The probability of what is true or false in a launch."""
    return {"oversold_any": "P(oversold)", "alert": "P(alert)"}.get(name, name)


def reasons(found: Recommendation) -> list[str]:
    """The recommendation in sentences: what, why, how sure, after how many replications."""
    total, k = sum(found.replications.values()), len(found.settings)
    stages = f"{found.first.replications:,} of each of {k} settings, {total:,} in all"
    if found.setting is None:
        name, limit = found.constraint or ("", 0.0)
        closest = min(found.feasibilities, key=lambda verdict: verdict.estimate)
        return [
            f"No setting was shown to keep {chance_words(name)} within {limit:.1%} ({stages}).",
            f"The lowest observed is {closest.estimate:.1%}. Try lower values, or more replications where undecided.",
        ]
    lines = [f"Recommended: {found.parameter} = {found.label}."]
    if found.constraint is not None:
        name, limit = found.constraint
        verdict = found.feasibilities[found.chosen or 0]
        lines.append(
            f"It keeps {chance_words(name)} within {limit:.1%}: {verdict.successes:,} of {verdict.n:,} launches, at "
            f"most {verdict.high:.2%} with all settings judged together."
        )
    better = "has the largest mean" if found.decided else "leads, without being decided,"
    lines.append(
        f"Among the settings that do, it {better} {measure_words(found.objective, found.scenario.currency)}, with "
        f"{found.confidence:.0%} confidence for both; differences below {found.indifference:,.6g} do not matter."
    )
    lines.append(f"Replications: {stages}.")
    return lines
