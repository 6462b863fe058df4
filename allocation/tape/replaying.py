"""Replaying a tape: the same commands, the same decisions; or under another policy, other ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.errors import SettingError, TapeError
from allocation.engine.measures import measures
from allocation.engine.policy import Policy
from allocation.tape.reading import read_tape
from allocation.tape.run import Run

Command = Mapping[str, Any]


def replay(tape: str | Path | Iterable[Command], policy: Policy, *, keep_policy_rates: bool = True) -> Run:
    """Play a tape under a policy.

    Args:
        tape: A file, or the commands themselves.
        policy: What the rules leave open.
        keep_policy_rates: Whether ``overbooking`` commands with ``source: policy`` are played. Under the policy that
            was in force when the tape was recorded they belong to it; a replay under another policy leaves them out.
            The decisions then count the lines that were played, and so does the tape of the run.

    Raises:
        TapeError: A line is no command, or goes back in time; with ``file:line``, or ``tape:number`` for commands
            that come from no file.
        SettingError: The policy's overbooking is more than one rate, and what the tape says of it is left out.
    """
    if not (keep_policy_rates or policy.overbooking.is_one_rate):
        raise SettingError(
            "a tape does not say what policy.overbooking.method and by_category are worked out from; set "
            "overbooking.method: constant and a rate, or simulate the scenario with this policy"
        )
    if not isinstance(tape, str | Path | Sequence):
        # They are played now and written when the run is saved.
        tape = list(tape)
    engine = AllocationEngine(policy)
    for place, command in _commands(tape, keep_policy_rates):
        _play(engine, place, command)
    return Run(
        engine=engine,
        summary=measures(engine),
        tape=lambda: (command for _, command in _commands(tape, keep_policy_rates)),
    )


def _commands(tape: str | Path | Iterable[Command], keep_policy_rates: bool) -> Iterator[tuple[str, Command]]:
    source = f"{tape}" if isinstance(tape, str | Path) else "tape"
    numbered = read_tape(tape) if isinstance(tape, str | Path) else enumerate(tape, 1)
    for number, command in numbered:
        if keep_policy_rates or not _is_policy_rate(command):
            yield f"{source}:{number}", command


def _is_policy_rate(command: Command) -> bool:
    return command.get("type") == "overbooking" and command.get("source") == "policy"


def _play(engine: AllocationEngine, place: str, command: Command) -> None:
    try:
        engine.apply(command)
    except TapeError as error:
        raise TapeError([replace(problem, place=place) for problem in error.problems]) from error
