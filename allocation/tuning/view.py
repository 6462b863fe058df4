"""What the panel shows of a move, as HTML: headline numbers, figures, tables, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from allocation.analysis import (
    draw_tuned,
    html_table,
    plot_tuned_tiers,
    plot_tuned_units,
    tuned_outcome,
    tuned_table,
    tuned_tier_table,
    tuned_tiers,
)
from allocation.analysis.exhibits import picture, scrolling
from allocation.analysis.panels import Panel
from allocation.analysis.tuned import CHANGE, NOW, told
from allocation.engine.compiled import is_compiled
from allocation.engine.errors import AllocationError, InvalidInput
from allocation.tuning.tuner import Move, Tuner

STYLE = """<style>
.widget-html-content:has(> .allocation-tuning) { min-width: 0; }
.allocation-tuning { color: var(--jp-content-font-color1, #222); line-height: 1.4; }
.allocation-tuning h2 { font-size: 1.25em; margin: 0; }
.allocation-tuning h3 { font-size: 1em; margin: 0.6em 0 0.1em; border-bottom: 1px solid var(--jp-border-color2, #ccc); }
.allocation-tuning p { margin: 0.25em 0; }
.allocation-tuning .quiet { color: var(--jp-content-font-color2, #555); font-size: 0.92em; }
.allocation-tuning .wrong { border-left: 4px solid #D55E00; padding: 0.2em 0.7em; }
.allocation-tuning .right { border-left: 4px solid #009E73; padding: 0.2em 0.7em; overflow-wrap: anywhere; }
.allocation-tuning .tiles { display: flex; flex-wrap: wrap; gap: 0.5em; margin: 0.3em 0 0.5em; }
.allocation-tuning .tile { flex: 1 1 10.5em; padding: 0.35em 0.7em; border: 1px solid var(--jp-border-color2, #ccc);
  border-radius: 4px; background: var(--jp-layout-color1, #fff); }
.allocation-tuning .tile b { display: block; font-size: 1.2em; white-space: nowrap; }
.allocation-tuning .tile span { display: block; white-space: nowrap; }
.allocation-tuning .figures { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0.5em; }
.allocation-tuning .figures img { flex: 1 1 380px; min-width: 0; max-width: 640px; height: auto; background: white; }
.allocation-tuning .scroll { overflow-x: auto; margin-top: 0.5em; }
.allocation-tuning table { border-collapse: collapse; font-size: 0.92em; width: 100%; }
.allocation-tuning caption { text-align: left; font-weight: 600; padding: 0.2em 0; }
.allocation-tuning th { text-align: left; vertical-align: bottom; font-weight: 600; }
.allocation-tuning th, .allocation-tuning td { padding: 0.2em 0.6em; border-bottom: 1px solid
  var(--jp-border-color2, #ccc); }
.allocation-tuning .texts th + th, .allocation-tuning .texts td + td { text-align: right; white-space: nowrap; }
.allocation-tuning .texts td:first-child { min-width: 8em; }
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


@dataclass(frozen=True)
class View:
    """A move as frames, with the pinned setting beside it where there is one.

    Attributes:
        outcome: As `tuned_outcome` gives it.
        tiers: As `tuned_tiers` gives it.
        basis: What they rest on, in words.
    """

    outcome: pd.DataFrame
    tiers: pd.DataFrame
    basis: str

    @classmethod
    def of(cls, tuner: Tuner, move: Move) -> View:
        """The view of a move."""
        pinned = None if tuner.pinned is None else tuner.pinned.swept
        outcome = tuned_outcome(move.swept, tuner.compared(move))
        return cls(outcome, tuned_tiers(move.swept, pinned), basis(tuner))

    def tiles(self) -> str:
        """Headline numbers."""
        tiles = []
        for measure, words in _TILES.items():
            rows = {row["which"]: row for row in self.outcome[self.outcome["measure"] == measure].to_dict("records")}
            name = f"{words} ({rows[NOW]['unit']})" if measure == "profit" else words
            tile = f"<span class='quiet'>{escape(name)}</span><b>{told(rows[NOW])}</b>"
            if CHANGE in rows:
                tile += f"<span class='quiet change'>{told(rows[CHANGE], CHANGE)} against pinned</span>"
            tiles.append(f"<div class='tile' data-measure='{measure}'>{tile}</div>")
        return block(f"<div class='tiles'>{''.join(tiles)}</div><p class='quiet'>{escape(self.basis)}</p>")

    def figures(self) -> str:
        """Both figures; what they show stands in the tables, too."""
        units = _picture(plot_tuned_units, self.outcome, "Mean units confirmed, allocated, oversold and unsold")
        tiers = _picture(plot_tuned_tiers, self.tiers, "Mean share of each tier's reservations that is allocated")
        return block(f"<div class='figures'>{units}{tiers}</div>")

    def tables(self) -> str:
        """The numbers of the figures and more."""
        outcome = html_table(tuned_table(self.outcome), "Outcome")
        tiers = html_table(tuned_tier_table(self.tiers), "Reservations by tier, under the present setting")
        return block(f"<div class='texts'>{scrolling(outcome)}</div>{scrolling(tiers)}")


def setting(move: Move, seconds: float) -> str:
    """What was played, and how long it took."""
    how = "played" if move.was_played else "no play needed"
    return block(f"<p class='quiet'><strong>Setting:</strong> {escape(move.words)} ({how}, {seconds:.2f} s)</p>")


def basis(tuner: Tuner) -> str:
    """What the numbers rest on."""
    replays = tuner.replays
    return (
        f"n = {replays.replications} replications, numbers 0 to {replays.replications - 1} of seed {replays.seed}: the "
        "same customers and supply in every move. Means ± half-widths of 95% intervals"
        + ("." if tuner.pinned is None else "; differences from the pinned setting are paired by replication.")
    )


def pin_line(tuner: Tuner) -> str:
    """Which setting is pinned."""
    text = "nothing is pinned" if tuner.pinned is None else f"pinned: {tuner.pinned.words}"
    return block(f"<p class='quiet'>{escape(text)}</p>")


def opening(tuner: Tuner) -> str:
    """What the first picture waits for."""
    text = f"Working … the customers of {tuner.replays.replications} replications are drawn"
    text += "." if is_compiled() else ", and the rules are compiled, which takes about twenty seconds this once."
    return block(f"<p class='quiet' role='status'>{text}</p>")


def working(done: int = 0, total: int = 0) -> str:
    """That a move takes its time."""
    so_far = f" {done} of {total} replications" if total else ""
    return block(f"<p class='quiet' role='status'>Working …{so_far}</p>")


def stopped() -> str:
    """That somebody interrupted a move."""
    return block("<p class='wrong' role='alert'>Stopped before it was done; move a control to play again.</p>")


def refusal(error: AllocationError, then: str = "") -> str:
    """Why a setting cannot be played or a scenario cannot be saved, and what that means."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    lines = [".".join(map(str, p.path)) + ": " * bool(p.path) + p.message for p in problems] or [str(error)]
    text = "<br>".join(map(escape, [*lines, *filter(None, [then])]))
    return block(f"<p class='wrong' role='alert'>{text}</p>")


def success(text: str) -> str:
    """What was done."""
    return block(f"<p class='right' role='status'>{escape(text)}</p>")


def block(inner: str) -> str:
    """HTML of the panel."""
    return f"<div class='allocation-tuning'>{inner}</div>"


def _picture(plot: Panel, frame: pd.DataFrame, about: str) -> str:
    return picture(draw_tuned(plot, frame), f"{about}, with their intervals; the numbers stand in the tables below.")
