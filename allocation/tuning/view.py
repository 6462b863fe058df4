"""What the panel shows of a move, as HTML: headline numbers, figures, tables, and what they rest on."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Hashable, Mapping
from html import escape
from typing import Any

import pandas as pd

from allocation.analysis import draw_tuned, html_table, png, tuned_outcome, tuned_table, tuned_tier_table, tuned_tiers
from allocation.analysis.tables import estimate_text
from allocation.analysis.tuned import CHANGE, NOW
from allocation.engine.errors import AllocationError, InvalidInput
from allocation.tuning.tuner import Move, Tuner

STYLE = """<style>
.allocation-tuning { color: var(--jp-content-font-color1, #222); line-height: 1.4; }
.allocation-tuning h2 { font-size: 1.25em; margin: 0; }
.allocation-tuning h3 { font-size: 1em; margin: 0.6em 0 0.1em; border-bottom: 1px solid var(--jp-border-color2, #ccc); }
.allocation-tuning p { margin: 0.25em 0; }
.allocation-tuning .quiet { color: var(--jp-content-font-color2, #555); font-size: 0.92em; }
.allocation-tuning .wrong { border-left: 4px solid #D55E00; padding: 0.2em 0.7em; }
.allocation-tuning .right { border-left: 4px solid #009E73; padding: 0.2em 0.7em; overflow-wrap: anywhere; }
.allocation-tuning .tiles { display: flex; flex-wrap: wrap; gap: 0.5em; margin: 0.3em 0 0.5em; }
.allocation-tuning .tile { flex: 1 1 9em; padding: 0.35em 0.7em; border: 1px solid var(--jp-border-color2, #ccc);
  border-radius: 4px; background: var(--jp-layout-color1, #fff); }
.allocation-tuning .tile b { display: block; font-size: 1.2em; white-space: nowrap; }
.allocation-tuning .tile span { display: block; white-space: nowrap; }
.allocation-tuning img { display: block; width: 100%; height: auto; background: white; }
.allocation-tuning .scroll { overflow-x: auto; margin-top: 0.5em; }
.allocation-tuning table { border-collapse: collapse; font-size: 0.92em; width: 100%; }
.allocation-tuning caption { text-align: left; font-weight: 600; padding: 0.2em 0; }
.allocation-tuning th { text-align: left; vertical-align: bottom; font-weight: 600; }
.allocation-tuning th, .allocation-tuning td { padding: 0.2em 0.6em; border-bottom: 1px solid
  var(--jp-border-color2, #ccc); }
.allocation-tuning .number { text-align: right; white-space: nowrap; }
.allocation-tuning th.number { white-space: normal; }
</style>"""
"""The colours of text and lines are those of JupyterLab's theme, light or dark."""

_TILES = {
    "profit": "profit",
    "oversold_any": "launches that oversell",
    "oversold_units": "oversold units",
    "unsold_units": "unsold units",
}


def heading(tuner: Tuner) -> str:
    """The launch and how to read the panel."""
    scenario = tuner.scenario
    return block(f"<h2>{escape(scenario.title)}</h2><p class='quiet'>{escape(scenario.description)}</p>")


def results(tuner: Tuner, move: Move) -> str:
    """Headline numbers, figures and tables of a move, beside the pinned setting where there is one."""
    both = tuner.compared(move)
    pinned = None if tuner.pinned is None else tuner.pinned.swept
    outcome, tiers = tuned_outcome(move.swept, both), tuned_tiers(move.swept, pinned)
    return block(_tiles(outcome) + _figure(outcome, tiers) + _tables(tuner, outcome, tiers))


def basis(tuner: Tuner, move: Move, seconds: float) -> str:
    """What the numbers rest on, and how long they took."""
    replays = tuner.replays
    how = "played" if move.was_played else "no play needed"
    text = (
        f"n = {replays.replications} replications, numbers 0 to {replays.replications - 1} of seed {replays.seed}: the "
        f"same customers and supply in every move. Means ± half-widths of 95% intervals. {how}, {seconds:.2f} s."
    )
    if tuner.pinned is not None:
        text += " Differences are paired by replication."
    return block(
        f"<p class='quiet'><strong>Setting:</strong> {escape(move.words)}</p><p class='quiet'>{escape(text)}</p>"
    )


def pin_line(tuner: Tuner) -> str:
    """Which setting is pinned."""
    told = "nothing is pinned" if tuner.pinned is None else f"compared with: {tuner.pinned.words}"
    return block(f"<p class='quiet'>{escape(told)}</p>")


def working(done: int = 0, total: int = 0) -> str:
    """That a move takes its time."""
    so_far = f" {done} of {total} replications" if total else ""
    return block(f"<p class='quiet' role='status'>Working …{so_far}</p>")


def stopped() -> str:
    """That somebody interrupted a move."""
    return block("<p class='wrong' role='alert'>Stopped before it was done; move a control to play again.</p>")


def refusal(error: AllocationError) -> str:
    """Why a setting cannot be played or a scenario cannot be saved; the numbers shown are those of before."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    lines = [".".join(map(str, p.path)) + ": " * bool(p.path) + p.message for p in problems] or [str(error)]
    told = "<br>".join(map(escape, lines))
    return block(f"<p class='wrong' role='alert'>{told}</p>")


def success(text: str) -> str:
    """What was done."""
    return block(f"<p class='right' role='status'>{escape(text)}</p>")


def block(inner: str) -> str:
    """HTML of the panel."""
    return f"<div class='allocation-tuning'>{inner}</div>"


def _tiles(outcome: pd.DataFrame) -> str:
    tiles = []
    for measure, words in _TILES.items():
        rows = {row["which"]: row for row in outcome[outcome["measure"] == measure].to_dict("records")}
        name = f"{words} ({rows[NOW]['unit']})" if measure == "profit" else words
        tile = f"<span class='quiet'>{escape(name)}</span><b>{_told(rows[NOW], measure)}</b>"
        if CHANGE in rows:
            tile += f"<span class='quiet'>{_signed(rows[CHANGE], measure)} against pinned</span>"
        tiles.append(f"<div class='tile' data-measure='{measure}'>{tile}</div>")
    return f"<div class='tiles'>{''.join(tiles)}</div>"


def _told(row: Mapping[Hashable, Any], measure: str) -> str:
    if measure == "oversold_any":
        return f"{row['mean']:.0%} ({row['low']:.0%} to {row['high']:.0%})"
    return estimate_text(row["mean"], row["half_width"])


def _signed(row: Mapping[Hashable, Any], measure: str) -> str:
    times, unit = (100, " points") if measure == "oversold_any" else (1, "")
    sign = "+" if row["mean"] > 0 else ""
    return f"{sign}{estimate_text(times * row['mean'], times * row['half_width'])}{unit}".replace("-", "−")


def _figure(outcome: pd.DataFrame, tiers: pd.DataFrame) -> str:
    means: Mapping[Hashable, float] = outcome[outcome["which"] == NOW].set_index("measure")["mean"].to_dict()
    said = ", ".join(
        f"{means[name]:,.0f} units {name.removesuffix('_units').replace('_', ' ')}"
        for name in ("confirmed_at_cutoff_units", "allocated_units", "oversold_units", "unsold_units")
    )
    picture = str(b64encode(png(draw_tuned(outcome, tiers))), "ascii")
    alt = f"Bars: mean units ({said}) and the share of each tier that is allocated; the same as in the tables below."
    return f'<img src="data:image/png;base64,{picture}" alt="{escape(alt)}">'


def _tables(tuner: Tuner, outcome: pd.DataFrame, tiers: pd.DataFrame) -> str:
    n = tuner.replays.replications
    tables = (
        html_table(tuned_table(outcome), f"Outcome, means of {n} replications"),
        html_table(tuned_tier_table(tiers), f"Reservations by tier, means of {n} replications"),
    )
    return "".join(
        f"<div class='scroll' role='region' aria-label='Table' tabindex='0'>{table}</div>" for table in tables
    )
