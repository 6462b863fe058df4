"""``allocation recommend``."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from allocation.cli.exits import Exit
from allocation.cli.output import print_json, print_table, warn_of_compiling
from allocation.cli.scenario_files import load
from allocation.cli.sweeping import begun, rows_of, values_of
from allocation.engine.errors import SettingError
from allocation.montecarlo import Interrupted, Recommendation, recommend
from allocation.montecarlo.progress import progress_bar
from allocation.montecarlo.wording import chance_words, measure_words, reasons
from allocation.scenario import dump_scenario

SCHEMA_VERSION = 1


def run_recommend(
    name: str,
    *,
    parameter: str,
    values: str,
    objective: str,
    indifference: float | None,
    confidence: float,
    constraint: str,
    replications: int,
    replications_at_most: int,
    seed: int,
    settings: Sequence[str],
    start: Path | None,
    workers: int | None,
    dask: str | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Recommend a setting, say why, and save the scenario with it where asked."""
    column, kept = values_of(values), constraint_of(constraint)
    if save is not None and (save.is_dir() or not save.parent.is_dir()):
        raise SettingError(f"--save {save} cannot be written: there is no folder {save.parent}, or it is one itself")
    scenario = load(name, settings)
    warn_of_compiling()
    try:
        with progress_bar("replications") as advance:
            found = recommend(
                scenario,
                column,
                objective,
                parameter=parameter,
                indifference=indifference,
                confidence=confidence,
                constraint=kept,
                replications=replications,
                replications_at_most=replications_at_most,
                seed=seed,
                start=begun(start),
                workers=workers,
                dask=dask,
                progress=advance or False,
            )
    except Interrupted as interrupted:
        print(f"allocation: {interrupted}; nothing was recommended", file=sys.stderr)
        raise typer.Exit(Exit.INTERRUPTED) from interrupted
    if as_json:
        print_json(as_plain(found))
    else:
        _show(found)
    if save is not None:
        # Raises where nothing is recommended: a file would look like an answer.
        save.write_text(dump_scenario(found.recommended), encoding="utf-8")
        print(f"{save}: {found.scenario.name} with {parameter} {found.label}", file=sys.stderr)


def constraint_of(text: str) -> tuple[str, float] | None:
    """A constraint as written: ``oversold_any=0.05``, or ``none``.

    Raises:
        SettingError: It is neither.
    """
    if text.strip().lower() == "none":
        return None
    name, equals, number = text.partition("=")
    try:
        limit = float(number) if equals else math.nan
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise SettingError(f"--constraint {text!r} is none; write oversold_any=0.05, alert=0.01 or none")
    return name.strip(), limit


def _show(found: Recommendation) -> None:
    print(f"{found.scenario.title}\n")
    for sentence in reasons(found):
        print(sentence)
    print()
    _show_settings(found)
    _show_behaviours(found)


def _show_settings(found: Recommendation) -> None:
    objective = measure_words(found.objective, found.scenario.currency)
    rows = []
    for row in rows_of(found.table()):
        cells: list[Any] = [row[found.parameter]]
        if found.constraint is not None:
            interval = f"[{row['probability_low']:.3f}, {row['probability_high']:.3f}]"
            cells += [row["verdict"], f"{row['probability']:.3f} {interval}"]
        chosen = row["setting"] == found.chosen
        loss = "recommended" if chosen else f"{row['loss']:,.0f} ± {row['loss_half_width']:,.0f}"
        cells += [f"{row['mean']:,.0f} ± {row['half_width']:,.0f}", loss if found.setting else "-", row["replications"]]
        rows.append(tuple(cells))
    kept = () if found.constraint is None else ("keeps it", chance_words(found.constraint[0]))
    print_table(
        "What each setting comes to (95% intervals), and what choosing it instead would lose",
        (found.parameter, *kept, objective, "loss if chosen instead", "replications"),
        rows,
    )
    if any(verdict.verdict == "no" for verdict in found.feasibilities):
        print("A negative loss is what the constraint costs: more profit, and more often oversold than allowed.\n")


def _show_behaviours(found: Recommendation) -> None:
    if found.behaviours.empty:
        print(
            "The scenario states its customers' behaviour as known for sure. If it is not, give ranges, such as "
            "{uniform: [0.035, 0.058]}: the intervals above tell of chance alone."
        )
        return
    own = None if found.setting is None else found.setting.chosen[0]
    rows = []
    for behaviour, of_one in found.behaviours.groupby("behaviour", sort=False):
        best = rows_of(of_one[of_one["best"]])
        here = rows_of(of_one[of_one[found.parameter] == own]) if own is not None else []
        rows.append(
            (
                behaviour,
                "-" if not here or here[0]["probability"] is None else f"{here[0]['probability']:.3f}",
                "-" if not here else f"{here[0]['mean']:,.0f} ± {here[0]['half_width']:,.0f}",
                best[0][found.parameter] if best else "none",
                "-" if not best else f"{best[0]['mean']:,.0f} ± {best[0]['half_width']:,.0f}",
            )
        )
    objective = measure_words(found.objective, found.scenario.currency)
    probability = "P" if found.constraint is None else chance_words(found.constraint[0])
    print_table(
        "If the customers' behaviour were known (the tables above hold over its whole uncertainty)",
        ("behaviour", f"{probability} as recommended", f"{objective} as recommended", "best then", f"{objective} then"),
        rows,
    )


def as_plain(found: Recommendation) -> dict[str, Any]:
    """A recommendation as plain data for JSON."""
    selection = found.selection
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": found.scenario.name,
        "seed": found.first.seed,
        "parameter": found.parameter,
        "recommended": None if found.setting is None else found.setting.chosen[0],
        "decided": found.decided,
        "reasons": reasons(found),
        "objective": found.objective,
        "indifference": found.indifference,
        "confidence": found.confidence,
        "constraint": None if found.constraint is None else list(found.constraint),
        "settings": [
            {"value": row.pop(found.parameter), **{key: value for key, value in row.items() if key != "setting"}}
            for row in rows_of(found.table())
        ],
        "eliminations": []
        if selection is None
        else [
            {
                "value": found.settings[int(gone.setting)].chosen[0],
                "by": found.settings[int(gone.by)].chosen[0],
                "replications": gone.replications,
                "behind": gone.behind,
                "tied": gone.tied,
            }
            for gone in selection.eliminations
        ],
        "replications": sum(found.replications.values()),
        "behaviours": [
            {"value": row.pop(found.parameter), **row} for row in rows_of(found.behaviours) if found.parameter in row
        ],
    }
