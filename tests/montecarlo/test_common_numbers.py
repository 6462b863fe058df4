"""Common random numbers: replication r meets the same customers and the same supply under every setting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocation import sample_tape
from allocation.engine.codes import Kind, Only
from allocation.montecarlo import playing, replicate, sweep
from allocation.scenario import with_overrides
from tests.montecarlo.launches import small

NOT_DECIDED = ["orders", "units", "supply_units", "by_tier.VIP.orders", "by_tier.STANDARD.orders"]
"""Measures in which no rule has a say."""
POLICIES = ["policy.hold", "policy.queue.admission"]


def placed(commands: Any) -> Any:
    return commands[commands["kind"] == Kind.PLACE]


def test_settings_of_the_policy_meet_the_same_customers_and_supply() -> None:
    swept = sweep(
        small("console-realistic"), POLICIES, [["firm", "provisional"], ["arrival", "priority"]], 5, progress=False
    )
    first = swept.of(0)[NOT_DECIDED].reset_index(drop=True)
    for setting in (1, 2, 3):
        pd.testing.assert_frame_equal(swept.of(setting)[NOT_DECIDED].reset_index(drop=True), first)
    assert len(first.drop_duplicates()) > 1, "replications differ from one another"


def test_a_tape_depends_on_no_policy() -> None:
    scenario = small("console-realistic")
    other = with_overrides(scenario, {"policy.overbooking.rate": 1.2, "policy.hold": "firm", "economics.margin": 1})
    one, two = sample_tape(scenario, 4, 2), sample_tape(other, 4, 2)
    assert one.commands.tolist() == two.commands.tolist()
    assert one.lines.tolist() == two.lines.tolist()


def test_more_likely_cancellations_are_those_of_the_same_customers_and_more() -> None:
    scenarios = [
        small("console-realistic", {"behaviour.cancel_confirmed.share": share}) for share in ("0.05", "0.2", "0.5")
    ]
    tapes = [sample_tape(scenario, 4, 2).commands for scenario in scenarios]
    for tape in tapes[1:]:
        assert placed(tape).tolist() == placed(tapes[0]).tolist()
        for kind in (Kind.SUPPLY, Kind.PAY):
            assert (tape["kind"] == kind).sum() == (tapes[0]["kind"] == kind).sum()
    leavers = [set(tape["order"][tape["only"] == Only.CONFIRMED].tolist()) for tape in tapes]
    assert 0 < len(leavers[0]) < len(leavers[1]) < len(leavers[2])
    assert leavers[0] < leavers[1] < leavers[2]


def test_another_supply_meets_the_same_customers() -> None:
    swept = sweep(small("console-realistic"), "supply.0.expected.0.quantity", [100, 150], 5, progress=False)
    few, many = (swept.of(setting).reset_index(drop=True) for setting in (0, 1))
    customers = [name for name in NOT_DECIDED if name != "supply_units"]
    pd.testing.assert_frame_equal(few[customers], many[customers])
    assert (many["supply_units"] - few["supply_units"]).tolist() == [50] * 5


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("policy.overbooking.rate", [1, 1.1]),
        ("behaviour.cancel_confirmed.share", [0, 0.2]),
        ("supply.0.expected.0.quantity", [100, 150]),
        ("demand.total", [200, 250]),
        ("policy.overbooking.method", ["economic", "adaptive"]),
        ("economics.margin", [1, 500]),
        ("policy.timezone", ["America/New_York", "Asia/Tokyo"]),
    ],
)
def test_a_sweep_has_what_each_setting_has_by_itself(parameter: str, values: list[Any]) -> None:
    """Shared tapes change nothing: neither the setting before nor the one behind is seen in a row."""
    scenario = small("console-realistic")
    swept = sweep(scenario, parameter, values, 4, seed=3, progress=False)
    for setting, value in enumerate(values):
        alone = replicate(with_overrides(scenario, {parameter: value}), 4, seed=3, progress=False)
        own = swept.of(setting).drop(columns=["setting", parameter]).reset_index(drop=True)
        # A wave of another setting only has no units here.
        pd.testing.assert_frame_equal(own[alone.columns], alone)
        assert not own.drop(columns=alone.columns).to_numpy().any()


@pytest.mark.parametrize(
    ("parameters", "values", "tapes"),
    [
        (["policy.overbooking.rate", "policy.hold"], [[1, 1.05, 1.1], ["firm", "provisional"]], 1),
        (["policy.overbooking.rate", "behaviour.cancel_confirmed.share"], [[1, 1.05, 1.1], [0.01, 0.1]], 2),
        (["policy.overbooking.rate", "supply.0.expected.0.quantity"], [[1, 1.1], [90, 100, 110]], 3),
        (["economics.margin", "policy.overbooking.rate"], [[1, 2], [1, 1.1]], 1),
        (["policy.timezone"], [["America/New_York", "UTC"]], 2),
    ],
)
def test_settings_that_draw_alike_share_a_tape(
    monkeypatch: pytest.MonkeyPatch, parameters: list[str], values: list[list[Any]], tapes: int
) -> None:
    drawn = []

    def counted(scenario: Any, seed: int, replication: int) -> Any:
        drawn.append(replication)
        return sample_tape(scenario, seed, replication)

    monkeypatch.setattr(playing, "sample_tape", counted)
    sweep(small("console-realistic"), parameters, values, 3, progress=False)
    assert sorted(drawn) == sorted(list(range(3)) * tapes)


def test_common_numbers_make_differences_sharper() -> None:
    swept = sweep(small("iphone-15-pro"), "policy.overbooking.rate", [1.02, 1.04], 60, progress=False)
    assert swept.paired()["variance_ratio"].iloc[0] > 2


def test_other_seeds_and_replications_are_other_customers() -> None:
    scenario = small("console-realistic")
    tapes = [sample_tape(scenario, seed, replication).commands for seed in (0, 1) for replication in (0, 1)]
    arrivals = {tuple(np.sort(placed(tape)["at"])[:20].tolist()) for tape in tapes}
    assert len(arrivals) == 4
