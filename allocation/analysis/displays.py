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
from allocation.analysis.outcome_figures import plot_outcome_by_tier
from allocation.analysis.panels import draw_panels
from allocation.analysis.rate_curve import rate_curve, rate_in_force, rate_table, rate_words
from allocation.analysis.rate_figures import plot_oversold_probability, plot_profit_by_rate
from allocation.analysis.replications import HEADLINES
from allocation.analysis.scenario_figures import plot_orders_and_supply, units_ordered, wave_frame
from allocation.analysis.setting_figures import plot_settings
from allocation.analysis.style import in_style
from allocation.analysis.tables import html_table, shown
from allocation.analysis.wording import PAIRED, one_run, same_runs
from allocation.montecarlo import Recommendation, Sweep
from allocation.montecarlo.settings import Setting
from allocation.montecarlo.sweep import RATE
from allocation.montecarlo.wording import measure_words, reasons
from allocation.scenario.schema import Scenario
from allocation.tape import Run

SETTINGS_SHOWN = 16
"""Of more settings than this only the best are shown."""
# Twice the class, and the tags: more than what JupyterLab says of any table.
_CELLS = "{0} tr th,{0} tr td".format(".allocation-display.allocation-display table")
_STYLE = (
    f"<style>.allocation-display table{{margin:.4em 0}}{_CELLS}{{text-align:left;padding:.15em .6em}}"
    f"{_CELLS.replace('th,', 'th.number,')}.number{{text-align:right}}"
    ".allocation-display td.number{white-space:nowrap}"
    ".allocation-display img{max-width:min(100%,660px);background:#fff}"
    ".allocation-display caption{text-align:left;font-weight:600;padding:.3em 0}"
    ".allocation-display .scroll{overflow-x:auto}</style>"
)
_LABEL = "setting"


def run_html(run: Run) -> str:
    """Headline measures of a run, and what became of each tier."""
    known = run.manifest.get("scenario", "a tape")
    rows = [(what, run.summary[name]) for name, what in HEADLINES.items() if name in run.summary and name != "profit"]
    parts = [html_table(pd.DataFrame(rows, columns=["measure", "value"]))]
    if len(run.reservations):
        outcome = outcome_by_tier(run)
        with in_style():
            figure = Figure(figsize=(6.4, 2.6))
            plot_outcome_by_tier(outcome, figure.subplots())
        parts.insert(0, picture(figure, f"What became of each tier's reservations, as in the table. {one_run(run)}"))
        parts.append(html_table(outcome_table(outcome), "Reservations by tier"))
    alert = "A release broke more promises than the policy's alert share." if run.summary.get("alert") else ""
    profit = f"Profit {shown(run.summary['profit'])}." if "profit" in run.summary else ""
    return _display(f"Run of {known}", [one_run(run), profit, alert], parts)


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
    basis = f"{_basis(swept)} {PAIRED}"
    if swept.parameters == (RATE,):
        curve = rate_curve(swept, rate_in_force(swept.scenario))
        figure = draw_panels(curve, (plot_profit_by_rate, plot_oversold_probability))
        alt = f"Mean profit and the probability of overselling by rate, as in the table. {basis}"
        return _display(head, [basis], [picture(figure, alt), html_table(rate_table(curve))])
    frame, left_out = _best(settings_compared(_labelled(swept)))
    more = f"{left_out:,} settings of less profit are not shown." if left_out else ""
    profits = frame[frame["measure"] == "profit"].assign(measure=measure_words("profit", swept.scenario.currency))
    parts = [_means(profits.assign(recommended=False), basis), html_table(compared_table(frame, _LABEL))]
    return _display(head, [basis, more], parts)


def recommendation_html(found: Recommendation) -> str:
    """The recommendation in sentences, what each setting comes to, and how it moves with customers' behaviour."""
    objective, basis = measure_words(found.objective, found.scenario.currency), _basis(found.first)
    table = found.table().head(SETTINGS_SHOWN)
    means = table[["mean", "half_width"]].assign(
        setting=[found.settings[number].label for number in table["setting"]],
        measure=objective,
        recommended=table["setting"] == found.chosen,
    )
    table.insert(2, "recommended", means["recommended"])
    tables = [html_table(_told(table.drop(columns="setting"), found), "What each setting comes to")]
    if not found.behaviours.empty:
        about = "How the answer moves if the customers' behaviour were known"
        tables.append(html_table(_told(found.behaviours, found), about))
    more = len(found.settings) - len(table)
    left_out = f"{more:,} further settings are not shown." if more else ""
    texts = [" ".join(reasons(found)), basis, left_out]
    return _display(f"Recommendation for {found.scenario.title}", texts, [_means(means, basis), *tables])


def _told(frame: pd.DataFrame, found: Recommendation) -> pd.DataFrame:
    """A table of a recommendation with columns that say what they are of."""
    name, _ = found.constraint or ("", 0.0)
    objective = f"{found.objective}_{found.scenario.currency}" if found.objective == "profit" else found.objective
    share = "share_of_launches_" + {"oversold_any": "oversold"}.get(name, f"with_{name}")
    told = {"probability": share, "mean": objective, "verdict": "keeps_the_constraint", "loss": "loss_if_chosen"}
    told |= {f"{old}_{end}": f"{new}_{end}" for old, new in told.items() for end in ("low", "high", "half_width")}
    told["half_width"] = f"{objective}_half_width"
    return frame.drop(columns="probability" if name == "" else [], errors="ignore").rename(columns=told)


def _basis(swept: Sweep) -> str:
    return same_runs(swept.replications, swept.seed)


def _means(frame: pd.DataFrame, basis: str) -> str:
    """The mean of every setting, as a picture."""
    figure = draw_panels(frame, (plot_settings,), height=1.2 + 0.28 * len(frame))
    return picture(figure, f"Mean {frame['measure'].iloc[0]} of each setting, as in the table. {basis}")


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
    """The headline measures of a single replication, a column a setting."""
    columns = {setting.label or "value": swept.of(number).iloc[0] for number, setting in enumerate(swept.settings)}
    frame = pd.DataFrame(columns).loc[list(HEADLINES)].astype(float)
    frame.insert(0, "measure", list(HEADLINES.values()))
    return frame.iloc[:, : SETTINGS_SHOWN + 1]


def _display(title: str, texts: Sequence[str], parts: Sequence[str]) -> str:
    lines = "".join(f"<p>{escape(text)}</p>" for text in texts if text)
    shown = "".join(part if part.startswith("<img") else scrolling(part) for part in parts)
    return f'{_STYLE}<div class="allocation-display"><p><strong>{escape(title)}</strong></p>{lines}{shown}</div>'
