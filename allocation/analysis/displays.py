"""What a notebook shows of a run, a scenario, a sweep and a recommendation: a heading, a figure, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import pandas as pd
from matplotlib.figure import Figure

from allocation.analysis.by_tier import outcome_by_tier, outcome_table
from allocation.analysis.compared import compared_table, settings_compared
from allocation.analysis.exhibits import picture, scrolling
from allocation.analysis.method_figures import plot_profit_by_method
from allocation.analysis.outcome_figures import plot_outcome_by_tier
from allocation.analysis.panels import draw_panels
from allocation.analysis.rate_curve import rate_curve, rate_in_force, rate_table, rate_words
from allocation.analysis.rate_figures import plot_oversold_probability, plot_profit_by_rate
from allocation.analysis.replications import HEADLINES
from allocation.analysis.scenario_figures import plot_orders_and_supply, units_ordered, wave_frame
from allocation.analysis.style import in_style
from allocation.analysis.tables import html_table
from allocation.analysis.wording import PAIRED, one_run, same_runs
from allocation.montecarlo import Recommendation, Sweep
from allocation.montecarlo.settings import Setting
from allocation.montecarlo.sweep import RATE
from allocation.montecarlo.wording import reasons
from allocation.scenario.schema import Scenario
from allocation.tape import Run

SETTINGS_SHOWN = 24
"""Of more settings than this only the best are shown."""
_STYLE = (
    "<style>.allocation-display table{margin:.4em 0}.allocation-display th,.allocation-display td{text-align:left}"
    ".allocation-display .number{text-align:right}.allocation-display img{max-width:100%;background:#fff}"
    ".allocation-display caption{text-align:left;font-weight:600;padding:.3em 0}"
    ".allocation-display .scroll{overflow-x:auto}</style>"
)
_LABEL = "setting"


def run_html(run: Run) -> str:
    """Headline measures of a run, and what became of each tier."""
    known = run.manifest.get("scenario", "a tape")
    rows = [(what, run.summary[name]) for name, what in HEADLINES.items() if name in run.summary]
    parts = [
        html_table(pd.DataFrame({"measure": [what for what, _ in rows], "value": [value for _, value in rows]})),
    ]
    if len(run.reservations):
        outcome = outcome_by_tier(run)
        with in_style():
            figure = Figure(figsize=(6.4, 2.6))
            plot_outcome_by_tier(outcome, figure.subplots())
        parts.insert(0, picture(figure, f"What became of each tier's reservations, as in the table. {one_run(run)}"))
        parts.append(html_table(outcome_table(outcome), "Reservations by tier"))
    alert = "A release broke more promises than the policy's alert share." if run.summary.get("alert") else ""
    return _display(f"Run of {known}", [one_run(run), alert], parts)


def scenario_html(scenario: Scenario) -> str:
    """A launch: units ordered against supply, its waves, and what is decided and earned."""
    economics, policy = scenario.economics, scenario.policy
    orders = units_ordered(scenario)
    with in_style():
        figure = Figure(figsize=(6.4, 2.4))
        plot_orders_and_supply(orders, figure.subplots())
    queue = "off"
    if policy.queue.enabled:
        depth = "any depth" if policy.queue.max_depth is None else f"{policy.queue.max_depth:,} deep"
        queue = f"{depth}, admission by {policy.queue.admission}"
    told = {
        "orders": f"{scenario.orders.opens:%Y-%m-%d %H:%M} to {scenario.orders.closes:%Y-%m-%d %H:%M %Z}",
        "overbooking": rate_words(scenario),
        "hold": policy.hold,
        "queue": queue,
        "standby": "yes" if policy.release.standby else "no",
        "margin of a unit": f"{economics.margin:,f} {scenario.currency}",
        "cost of an oversold unit": ", ".join(f"{tier} {cost:,f}" for tier, cost in economics.denied_cost.items()),
        "cost of an unsold unit": f"{economics.unsold_cost:,f} {scenario.currency}",
    }
    about = "Mean units ordered by tier beside the units of supply, as in the tables."
    parts = [
        picture(figure, about),
        html_table(orders[orders["kind"] == "orders"][["name", "units"]].rename(columns={"name": "tier"}), "Orders"),
        html_table(wave_frame(scenario), "Supply as planned"),
        html_table(pd.DataFrame({"what": list(told), "how": list(told.values())}), "Policy and economics"),
    ]
    return _display(scenario.title, [scenario.description], parts)


def sweep_html(swept: Sweep) -> str:
    """Every setting beside the others, best first where there are too many to be shown."""
    head = repr(swept)[1:-1]
    if swept.replications <= 1:
        return _display(head, ["One replication has no interval."], [html_table(_transposed(swept))])
    basis = f"{same_runs(swept.replications, swept.seed)} {PAIRED}"
    if swept.parameters == (RATE,):
        curve = rate_curve(swept, rate_in_force(swept.scenario))
        figure = draw_panels(curve, (plot_profit_by_rate, plot_oversold_probability))
        alt = f"Mean profit and the probability of overselling by rate, as in the table. {basis}"
        return _display(head, [basis], [picture(figure, alt), html_table(rate_table(curve))])
    frame, left_out = _best(settings_compared(_labelled(swept)))
    more = f"{left_out:,} settings of less profit are not shown." if left_out else ""
    parts = [_profits(frame, basis), html_table(compared_table(frame, _LABEL))]
    return _display(head, [basis, more], parts)


def recommendation_html(found: Recommendation) -> str:
    """The recommendation in sentences, what each setting comes to, and how it moves with customers' behaviour."""
    table = found.table().drop(columns="setting")
    table.insert(1, "recommended", [number == found.chosen for number in range(len(table))])
    money = f"_{found.scenario.currency}" if found.objective == "profit" else ""
    names = {"mean": f"{found.objective}{money}", "half_width": f"{found.objective}{money}_half_width"}
    table = table.rename(columns={**names, "probability": "share"}).rename(
        columns={f"probability_{end}": f"share_{end}" for end in ("low", "high")}
    )
    frame, _ = _best(settings_compared(_labelled(found.first)))
    basis = same_runs(found.first.replications, found.first.seed)
    parts = [_profits(frame, basis), html_table(table.head(SETTINGS_SHOWN), "What each setting comes to")]
    if not found.behaviours.empty:
        parts.append(html_table(found.behaviours, "If the customers' behaviour were known"))
    return _display(f"Recommendation for {found.scenario.title}", [" ".join(reasons(found)), basis], parts)


def _profits(frame: pd.DataFrame, basis: str) -> str:
    """Mean profit of every setting, as a picture."""
    drawn = frame.rename(columns={_LABEL: "method"}).assign(in_force=False)
    count = drawn["method"].nunique()
    figure = draw_panels(drawn, (plot_profit_by_method,), height=1.2 + 0.28 * count)
    return picture(figure, f"Mean profit of each setting with its interval, as in the table. {basis}")


def _labelled(swept: Sweep) -> Sweep:
    """The same replications with one parameter: the label of the setting."""
    settings = tuple(Setting((s.label or f"as {swept.scenario.name} is",), s.scenario) for s in swept.settings)
    frame = swept.frame.drop(columns=list(swept.parameters))
    frame.insert(1, _LABEL + "_label", [settings[number].label for number in frame["setting"]])
    return replace(swept, parameters=(_LABEL,), settings=settings, frame=frame)


def _best(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The settings of most profit, in their own order, and how many are left out."""
    profits = frame[frame["measure"] == "profit"].nlargest(SETTINGS_SHOWN, "mean")[_LABEL]
    return frame[frame[_LABEL].isin(set(profits))], frame[_LABEL].nunique() - len(profits)


def _transposed(swept: Sweep) -> pd.DataFrame:
    """Every measure of a single replication, a column a setting."""
    columns = {setting.label or "value": swept.of(number).iloc[0] for number, setting in enumerate(swept.settings)}
    frame = pd.DataFrame(columns).loc[swept.measures].rename_axis("measure").reset_index()
    return frame.iloc[:, : SETTINGS_SHOWN + 1]


def _display(title: str, texts: Sequence[str], parts: Sequence[str]) -> str:
    lines = "".join(f"<p>{escape(text)}</p>" for text in texts if text)
    shown = "".join(part if part.startswith("<img") else scrolling(part) for part in parts)
    return f'{_STYLE}<div class="allocation-display"><p><strong>{escape(title)}</strong></p>{lines}{shown}</div>'
