"""``allocation sandbox``."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, get_args

from allocation.cli.output import print_json
from allocation.engine.errors import Problem, SettingError
from allocation.oms.sandbox import Sandbox, Server, Settings, SupplyRow, parse_faults
from allocation.oms.sandbox.loading import arrival
from allocation.oms.sandbox.settings import Mode, Uniqueness

SCHEMA_VERSION = 1
_TAPES = (".jsonl", ".jsonl.gz")


def run_sandbox(
    *,
    port: int,
    load: str | None,
    latency: str,
    faults: str,
    seed: int,
    state: Path | None,
    uniqueness: str,
    mode: str,
    as_json: bool,
) -> None:
    """Serve a sandbox on this machine until it is interrupted."""
    settings = _settings(latency, seed, uniqueness, mode)
    wrong = parse_faults(faults)
    rows = supply_rows(load) if load else []
    customers = customers_of(load) if load else []
    # Seconds, and a mistake is named sooner.
    from allocation.cli.clock import now

    sandbox = Sandbox(settings, now=now, sleep=time.sleep, faults=wrong, state=state)
    try:
        sandbox.load(rows, customers)
        server = Server(sandbox, port)
        try:
            _say(server.url, settings, rows, as_json=as_json)
            server.run()
        finally:
            server.close()
    finally:
        sandbox.close()


def customers_of(name: str) -> list[str]:
    """The customers of a run folder or of a tape; of a scenario there are none before it is simulated."""
    path = Path(name)
    if not (path.is_dir() or name.endswith(_TAPES)):
        return []
    from allocation.oms.sandbox.taped import customers_of_tape

    return customers_of_tape(path)


def supply_rows(name: str) -> list[SupplyRow]:
    """The supply of a scenario, of a run folder or of a tape."""
    path = Path(name)
    if path.is_dir() or name.endswith(_TAPES):
        from allocation.oms.sandbox.taped import supply_of_tape

        return supply_of_tape(path)
    return _scenario_rows(name)


def _scenario_rows(name: str) -> list[SupplyRow]:
    from allocation.cli.scenario_files import load

    scenario = load(name, [])
    zone = scenario.policy.zone
    return [
        SupplyRow(
            pool.sku,
            pool.location,
            pool.on_hand,
            pool.product,
            [arrival(delivery.date, delivery.quantity, delivery.ref, zone) for delivery in pool.expected],
        )
        for pool in scenario.supply
    ]


def _settings(latency: str, seed: int, uniqueness: str, mode: str) -> Settings:
    problems: list[Problem] = []
    chosen_uniqueness: Uniqueness = _choice("--uniqueness", uniqueness, Uniqueness, problems)
    chosen_mode: Mode = _choice("--mode", mode, Mode, problems)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?", latency)
    if match is None:
        problems.append(Problem(("--latency-ms",), f"{latency!r} is no latency; write milliseconds, such as 20:60"))
    if problems or match is None:
        raise SettingError(problems, "sandbox")
    between = float(match[1]), float(match[2] or match[1])
    return Settings(uniqueness=chosen_uniqueness, mode=chosen_mode, latency_ms=between, seed=seed)


def _choice(option: str, value: str, kind: Any, problems: list[Problem]) -> Any:
    """A value that is one of a ``Literal``'s."""
    if value not in get_args(kind):
        problems.append(Problem((option,), f"{value!r} is none of {', '.join(get_args(kind))}"))
    return value


def _say(url: str, settings: Settings, rows: list[SupplyRow], *, as_json: bool) -> None:
    kept = settings.credentials
    if as_json:
        print_json(
            {
                "schema_version": SCHEMA_VERSION,
                "url": url,
                "client_id": kept.client_id,
                "client_secret": kept.client_secret,
                "username": kept.username,
                "password": kept.password,
                "retailer_id": str(settings.retailer_id),
                "uniqueness": settings.uniqueness,
                "mode": settings.mode,
                "positions_loaded": len(rows),
            }
        )
    else:
        print(f"A sandbox of Fluent Commerce listens on {url}; Ctrl-C ends it.")
        print("Test credentials, good for this sandbox only:")
        for name in ("client_id", "client_secret", "username", "password"):
            print(f"  {name:<14} {getattr(kept, name)}")
        print(f"  {'retailer_id':<14} {settings.retailer_id}")
        if rows:
            print(f"{len(rows):,} positions are loaded.")
    # Whoever started this may be waiting for it at the other end of a pipe.
    print(end="", flush=True)
