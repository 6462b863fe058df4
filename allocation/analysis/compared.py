"""Settings side by side: what each came to with common random numbers, and how far it is from the best."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from allocation.montecarlo import Sweep

BELOW_BEST = "less_than_best"
MEASURES: Mapping[str, str] = {
    "profit": "money",
    "oversold_any": "probability",
    "oversold_units": "units",
    "unsold_units": "units",
}
"""What a decision about overbooking looks at, with its unit."""
SIMULATED = "simulated"
_COLUMNS = ["mean", "half_width", "low", "high", "n"]
_SHARE_OVERSOLD = "share_of_launches_oversold"


def settings_compared(swept: Sweep, confidence: float = 0.95) -> pd.DataFrame:
    """The measures of every setting of a sweep over one parameter, and its distance from the best.

    Args:
        swept: With one parameter and at least two replications.
        confidence: Of each interval by itself.

    Returns:
        One row for each setting and measure: ``source`` (``simulated``), the parameter, ``measure`` (of `MEASURES`, and
        ``less_than_best``: the profit of the best setting less its own, paired by replication), ``unit`` (the currency,
        ``probability`` or ``units``), ``mean``, ``half_width``, ``low``, ``high`` (Student's t; Wilson's for the
        probability), ``n``, ``variance_ratio`` (of the paired difference: what common random numbers were worth, NaN
        elsewhere) and ``best``: whether the setting has the largest mean profit.
    """
    parameter = swept.parameters[0]
    frame = swept.intervals(list(MEASURES), confidence)
    means = frame.loc[frame["measure"] == "profit", "mean"].tolist()
    best = means.index(max(means))
    frame = pd.concat([frame, _below_best(swept, best, confidence)], ignore_index=True)
    units = {name: swept.scenario.currency if unit == "money" else unit for name, unit in MEASURES.items()}
    frame = frame.assign(
        source=SIMULATED,
        unit=frame["measure"].map(units).fillna(swept.scenario.currency),
        best=frame["setting"].isin([number for number, mean in enumerate(means) if mean == means[best]]),
        n=frame["n"].astype("int64"),
    )
    return frame[["source", parameter, "measure", "unit", *_COLUMNS, "variance_ratio", "best"]]


def _below_best(swept: Sweep, best: int, confidence: float) -> pd.DataFrame:
    parameter, nan = swept.parameters[0], float("nan")
    itself = {"setting": best, parameter: swept.settings[best].chosen[0], "mean": 0.0, "half_width": 0.0}
    parts = [pd.DataFrame([itself | {"variance_ratio": nan, "n": swept.replications}])]
    if len(swept.settings) > 1:
        paired = swept.paired("profit", best, confidence)
        parts.append(paired.assign(mean=0.0 - paired["mean"])[list(parts[0].columns)])
    frame = pd.concat(parts, ignore_index=True).sort_values("setting", ignore_index=True).assign(measure=BELOW_BEST)
    return frame.assign(low=frame["mean"] - frame["half_width"], high=frame["mean"] + frame["half_width"])


def compared_table(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """`settings_compared` for reading: one row a setting, in the order in which they come.

    Returns:
        The `key`; the profit and its distance from the best, named with the currency, each with ``_half_width``;
        ``variance_ratio``; ``share_of_launches_oversold`` with ``_low`` and ``_high``; ``oversold_units`` and
        ``unsold_units``, each with ``_half_width``.
    """
    simulated = frame[frame["source"] == SIMULATED]
    keys = list(dict.fromkeys(simulated[key]))
    columns: dict[str, object] = {key: keys}
    for name in ("profit", BELOW_BEST, "oversold_any", "oversold_units", "unsold_units"):
        own = simulated[simulated["measure"] == name].set_index(key).loc[keys]
        told = column_name(name, frame)
        columns |= {told: own["mean"].to_numpy()} | {f"{told}_{end}": own[end].to_numpy() for end in ends_of(name)}
        if name == BELOW_BEST:
            columns["variance_ratio"] = own["variance_ratio"].to_numpy()
    return pd.DataFrame(columns)


def column_name(measure: str, frame: pd.DataFrame) -> str:
    """The column of a measure in a table; money has its currency."""
    if measure == "oversold_any":
        return _SHARE_OVERSOLD
    if measure in MEASURES and MEASURES[measure] == "units":
        return measure
    return f"{measure}_{frame.loc[frame['measure'] == 'profit', 'unit'].iloc[0]}"


def ends_of(measure: str) -> tuple[str, ...]:
    """How the interval of a measure is told: Wilson's is not symmetric."""
    return ("low", "high") if measure == "oversold_any" else ("half_width",)


def remarks(in_force: pd.Series, best: pd.Series) -> list[str]:
    """For each row of a table, whether it is the setting in force and whether it is the best."""
    told = (("in force", in_force), ("best", best))
    return [", ".join(text for text, is_so in told if is_so.iloc[i]) for i in range(len(best))]
