"""The official Node SDK against a sandbox: somebody else's idea of the API, over real HTTP."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from allocation.oms.sandbox import Sandbox, Server, SupplyRow, parse_faults
from tests.oms.sandbox.test_server import sandbox

__all__ = ["sandbox"]

SDK = "@fluentcommerce/fc-connect-sdk@0.1.56"
SCRIPT = Path(__file__).with_name("sdk.mjs")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sdk() -> Path:
    """A folder outside of the project that has the SDK in it; installed once for all runs."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("the official SDK needs node and npm, and they are not on this machine")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "allocation" / "node-sdk-0.1.56"
    cache.mkdir(parents=True, exist_ok=True)
    done = cache / ".installed"
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            (cache / "package.json").write_text('{"private": true, "type": "module"}')
            command = [npm, "install", SDK, "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
            try:
                ran = subprocess.run(command, cwd=cache, capture_output=True, text=True, check=False, timeout=180)
            except subprocess.TimeoutExpired:
                pytest.skip(f"npm could not install {SDK} within 3 minutes")
            if ran.returncode:
                pytest.skip(f"npm could not install {SDK}: {ran.stderr.strip()[-300:]}")
            done.touch()
    return cache


def play(sdk: Path, server: Server, sandbox: Sandbox) -> dict[str, Any]:
    # Modules are looked for beside the script.
    script = sdk / f"play-{os.getpid()}.mjs"
    shutil.copy(SCRIPT, script)
    kept = sandbox.settings.credentials
    environment = {
        **os.environ,
        "SANDBOX_URL": server.url,
        "SANDBOX_CLIENT_ID": kept.client_id,
        "SANDBOX_CLIENT_SECRET": kept.client_secret,
        "SANDBOX_USERNAME": kept.username,
        "SANDBOX_PASSWORD": kept.password,
    }
    try:
        ran = subprocess.run(
            ["node", script.name], cwd=sdk, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
    finally:
        script.unlink()
    assert ran.returncode == 0, ran
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_it_logs_in_pages_and_mutates(sdk: Path, sandbox: Sandbox) -> None:
    sandbox.load(SupplyRow(f"SKU-{i}", "DC-1", 10) for i in range(3, 8))
    with Server(sandbox) as server:
        found = play(sdk, server, sandbox)
    assert found["refs"] == [f"SKU-{i}:DC-1:DEFAULT" for i in range(1, 8)]
    assert found["created"] == {"id": found["created"]["id"], "ref": "HOLD-1", "status": "CREATED", "quantity": 2}
    # The SDK's error keeps the message of a GraphQL error, and not its code.
    assert found["duplicate"] == "GraphQLExecutionError: InventoryQuantity HOLD-1 violates a unique constraint"
    assert found["invalid"].startswith("GraphQLExecutionError: Unknown argument 'locationRef'")
    assert found["event"]["eventStatus"] == "COMPLETE"
    assert found["batch"]["status"] in {"PENDING", "COMPLETE"}
    (hold,) = (one for one in sandbox.records("InventoryQuantity") if one["ref"] == "HOLD-1")
    assert (hold["status"], hold["quantity"]) == ("ACTIVE", 2)
    operations = [request.operation for request in sandbox.ledger.requests if request.path == "/graphql"]
    assert operations[0] == "me"
    # Seven positions in pages of three; the SDK leaves out the name of an operation while it pages.
    assert operations[1:4] == ["inventoryPositions"] * 3


def test_it_gets_over_server_errors_and_lost_tokens(sdk: Path, sandbox: Sandbox) -> None:
    sandbox.faults = parse_faults("5xx-before=0.2,401=0.2")
    with Server(sandbox) as server:
        found = play(sdk, server, sandbox)
    assert found["created"]["ref"] == "HOLD-1"
    assert sum(sandbox.ledger.faults().values()) > 0
