"""Which account a live command is for: a real one, a sandbox that runs, or a sandbox of its own."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allocation.cli.clock import now
from allocation.cli.options import PROBE_TYPE
from allocation.cli.output import warn_of_compiling
from allocation.engine.errors import SettingError
from allocation.engine.policy import Policy
from allocation.live.journal import Journal
from allocation.live.loading import load_holds
from allocation.live.open_book import holds_of
from allocation.live.plan import digest_of
from allocation.live.proving import UNIQUENESS, probe_order, prove_uniqueness
from allocation.montecarlo.progress import progress_bar
from allocation.oms.fluent import FluentClient, FluentSettings, Timing, load_settings
from allocation.oms.fluent.adapter import FluentWrites
from allocation.oms.port import Uniqueness
from allocation.oms.sandbox import Credentials, Sandbox, Server, Settings
from allocation.oms.sandbox.taped import supply_of_tape
from allocation.sampling.streams import stream
from allocation.scenario import load_policy
from allocation.tape import load_run, read_tape, replay, write_tape

_DIGITS = 8
"""Of a digest in a name."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and what is known of a launch in a sandbox of its own.

    Attributes:
        settings: Where, and as whom.
        launch, policy, ship_date: Of the launch that is in it; None where that is not known.
    """

    settings: FluentSettings
    launch: str | None = None
    policy: Policy | None = None
    ship_date: str | None = None

    def launch_or(self, given: str | None) -> str:
        """The launch that is named, else the one that is known."""
        name = given or self.launch
        if not name:
            raise SettingError("--launch NAME is missing: it is part of every key")
        return name

    def policy_or(self, given: Path | None) -> Policy:
        """The policy of a file, else the one that is known."""
        if given is not None:
            return load_policy(given)
        if self.policy is None:
            raise SettingError("--policy FILE is missing: a system has no policy of its own")
        return self.policy


@contextmanager
def account_of(profile: str | None, sandbox: str | None, journal: str | None = None) -> Iterator[Account]:
    """The account that the options mean.

    Raises:
        SettingError: Something is missing or wrong, or both are named.
    """
    if sandbox is None:
        yield Account(load_settings(os.environ, profile))
    elif profile is not None:
        raise SettingError("--profile and --sandbox name two systems: give one")
    elif "://" in sandbox:
        yield Account(sandbox_settings(sandbox))
    else:
        with _own_sandbox(sandbox, journal) as account:
            yield account


def timing() -> Timing:
    """The clock and the chance of this process."""
    # Of a stream of its own for each process, so that clients which failed together do not come back together.
    jitter = stream(os.getpid(), 0, "retries")
    return Timing(time.monotonic, time.sleep, jitter.random)


def state_folder() -> Path:
    """Where journals and sandboxes are kept: ``$ALLOCATION_STATE_DIR``, else the user's folder for such things."""
    named = os.environ.get("ALLOCATION_STATE_DIR")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "allocation"


def journal_place(given: str | None) -> str:
    """Where the journal is."""
    return given or os.environ.get("ALLOCATION_JOURNAL") or str(state_folder() / "journal.sqlite")


def is_shared(journal: str | None) -> bool:
    """Whether the journal is one that all machines share."""
    return journal_place(journal).startswith("postgresql")


def proved(account: str, journal: str | None) -> Uniqueness:
    """What the journal has as proved of an account."""
    kept = Journal(journal_place(journal), account, UNIQUENESS)
    try:
        proof = kept.proof()
    finally:
        kept.close()
    return Uniqueness.NONE if proof is None else Uniqueness(proof["uniqueness"])


def customers_of(tape: Path) -> Mapping[str, str]:
    """Customers by order id."""
    places = (command for _, command in read_tape(tape) if command.get("type") == "place")
    return {str(command.get("order_id")): str(command.get("customer_id", "")) for command in places}


# ----- a sandbox of its own


def sandbox_settings(url: str, name: str | None = None) -> FluentSettings:
    """The account of a sandbox at an address, under a name of its own where one is given."""
    known = Credentials()
    given = {
        "ALLOCATION_FLUENT_BASE_URL": url,
        "ALLOCATION_FLUENT_CLIENT_ID": known.client_id,
        "ALLOCATION_FLUENT_CLIENT_SECRET": known.client_secret,
        "ALLOCATION_FLUENT_USERNAME": known.username,
        "ALLOCATION_FLUENT_PASSWORD": known.password,
        "ALLOCATION_FLUENT_RETAILER_ID": "1",
    }
    return load_settings(given if name is None else given | {"ALLOCATION_FLUENT_ACCOUNT": name})


@contextmanager
def _own_sandbox(source: str, journal: str | None) -> Iterator[Account]:
    """A sandbox in this process, which keeps its state in a file until the next command."""
    commands, policy, ship_date = _begun(source)
    launch = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(source).stem or source)
    # Another launch of that name, or the same one simulated anew, is another account.
    name = f"{launch}-{digest_of([policy.as_dict(), commands])[:_DIGITS]}"
    folder = state_folder() / "sandboxes"
    folder.mkdir(parents=True, exist_ok=True)
    state, tape = folder / f"{name}.sqlite", folder / f"{name}.jsonl"
    is_new = not state.exists()
    sandbox = Sandbox(Settings(), now=now, sleep=time.sleep, state=state)
    try:
        with Server(sandbox, 0) as server:
            account = Account(sandbox_settings(server.url, f"sandbox-{name}"), launch, policy, ship_date)
            if is_new:
                print(f"allocation: filling a sandbox with {source}, once ({state})", file=sys.stderr)
                write_tape(tape, commands)
                _fill(sandbox, account, tape, policy, journal)
            is_new = False
            yield account
    finally:
        sandbox.close()
        if is_new:
            # Half filled, it would be taken for whole the next time.
            state.unlink(missing_ok=True)


def _begun(source: str) -> tuple[list[dict[str, Any]], Policy, str | None]:
    """The commands of a launch until just before its first release, its policy, and that release's date."""
    commands, policy = _launch(source)
    begun: list[dict[str, Any]] = []
    for command in commands:
        if command["type"] == "release":
            return begun, policy, str(command["ship_date"])
        begun.append(dict(command))
    return begun, policy, None


def _launch(source: str) -> tuple[Iterator[Mapping[str, Any]], Policy]:
    """All commands of a run folder, or of a scenario that is simulated now, and the policy."""
    path = Path(source)
    if path.is_dir():
        folder = load_run(path)
        return (command for _, command in read_tape(folder.tape)), folder.policy
    if path.suffix in {".jsonl", ".gz"}:
        raise SettingError(f"{source}: a tape has no policy; name its run folder, or a scenario")
    from allocation.cli.scenario_files import load
    from allocation.simulation import simulate

    scenario = load(source, [])
    warn_of_compiling()
    run = simulate(scenario, 0)
    return iter(run.tape()), run.policy


def _fill(sandbox: Sandbox, account: Account, tape: Path, policy: Policy, journal: str | None) -> None:
    customers = customers_of(tape)
    rows = supply_of_tape(tape)
    named = list(dict.fromkeys(name for name in customers.values() if name))
    sandbox.load(rows, named)
    warn_of_compiling()
    holds = holds_of(replay(tape, policy).engine, customers)
    with FluentClient(account.settings, timing()) as client, progress_bar("holds") as advance:
        loaded = load_holds(FluentWrites(client), holds, account.settings.connections_max, advance)
    if loaded.left:
        raise SettingError(f"{len(loaded.left):,} holds could not be written into the sandbox")
    write_proof(account.settings, next(iter(named), ""), rows[0].sku, PROBE_TYPE, journal)


def write_proof(
    settings: FluentSettings, customer: str, sku: str, order_type: str, journal: str | None
) -> dict[str, str]:
    """Prove an account's uniqueness, and keep that in the journal.

    Raises:
        OmsError: The test orders could not be made, so that nothing is proved.
    """
    probing = settings.model_copy(update={"order_type": order_type})
    with FluentClient(probing, timing()) as client:
        oms = FluentWrites(client)
        order = probe_order(oms.account, customer, sku)
        found, evidence = prove_uniqueness(oms, order)
    proof = {"uniqueness": found.value, "evidence": evidence, "at": now().isoformat(), "key": order.key}
    kept = Journal(journal_place(journal), settings.account, UNIQUENESS)
    try:
        kept.write_proof(proof)
    finally:
        kept.close()
    return proof
