"""The Fluent adapter passes the conformance suite against the local Fluent, which was written apart from it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
import pytest

from allocation.engine.codes import Status
from allocation.engine.errors import BadAnswer, NotFound
from allocation.oms.fluent import FluentClient, FluentReader, FluentSettings, Timing, load_settings
from allocation.oms.fluent.adapter import FluentReads, FluentWrites
from allocation.oms.fluent.holds import hold_of, hold_ref
from allocation.oms.port import PoolSupply, Uniqueness, Writer
from allocation.oms.sandbox import Arrival, Request, Sandbox, Settings, SupplyRow, parse_faults
from allocation.oms.sandbox.settings import Mode
from tests.oms.conformance import Conformance, System, hold

START = datetime(2025, 9, 1, 9, tzinfo=UTC)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return (self.now - START).total_seconds()


class InProcess(httpx.BaseTransport):
    """Carries requests to a sandbox without a network; what gets no reply is what httpx would make of it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        reply = self.sandbox.handle(Request(request.method, target, dict(request.headers), request.read()))
        if reply.sent == "refused":
            raise httpx.ConnectError("refused", request=request)
        if reply.sent == "lost":
            raise httpx.RemoteProtocolError("no answer", request=request)
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)


class FluentSystem(System):
    """A sandbox, in process and on virtual time."""

    def __init__(self, uniqueness: Uniqueness, mode: Mode = "active") -> None:
        self.uniqueness = uniqueness
        self.clock = Clock()
        settings = Settings(uniqueness=uniqueness.value, mode=mode)
        self.sandbox = Sandbox(settings, now=self.clock, sleep=self.clock.sleep)
        self.settings = self._settings(settings)
        self.set_supply(PoolSupply("PHONE", "DC", 0))
        self.sandbox.load([], ["alice"])

    def _settings(self, settings: Settings) -> FluentSettings:
        known = settings.credentials
        return load_settings(
            {
                "ALLOCATION_FLUENT_BASE_URL": "http://127.0.0.1:8480",
                "ALLOCATION_FLUENT_CLIENT_ID": known.client_id,
                "ALLOCATION_FLUENT_CLIENT_SECRET": known.client_secret,
                "ALLOCATION_FLUENT_USERNAME": known.username,
                "ALLOCATION_FLUENT_PASSWORD": known.password,
                "ALLOCATION_FLUENT_RETAILER_ID": "1",
                "ALLOCATION_FLUENT_PAGE_SIZE_MAX": "50",
            }
        )

    def client(self, kind: Any = FluentClient) -> Any:
        timing = Timing(self.clock.monotonic, self.clock.sleep, lambda: 0.5)
        return kind(self.settings, timing, transport=InProcess(self.sandbox))

    def adapter(self) -> Writer:
        return FluentWrites(self.client(), self.uniqueness)

    def set_supply(self, supply: PoolSupply) -> None:
        arrivals = tuple(
            Arrival(datetime.combine(one.day, time(), UTC), one.quantity, one.ref) for one in supply.arrivals
        )
        self.sandbox.load([SupplyRow(supply.sku, supply.location, supply.on_hand, supply.sku, arrivals)])
        self.clock.sleep(60)
        self.sandbox.settle()

    def _next_write(self, fault: str) -> None:
        self.sandbox.faults = parse_faults(f"{fault}=1")
        handle = self.sandbox.handle

        def once(request: Request) -> Any:
            if request.path != "/graphql" or b"mutation" not in request.body:
                faults, self.sandbox.faults = self.sandbox.faults, parse_faults("")
                try:
                    return handle(request)
                finally:
                    self.sandbox.faults = faults
            try:
                return handle(request)
            finally:
                self.sandbox.faults = parse_faults("")
                self.sandbox.handle = handle  # type: ignore[method-assign]

        self.sandbox.handle = once  # type: ignore[method-assign]

    def lose_the_next_reply(self) -> None:
        self._next_write("reply-lost")

    def refuse_the_next_connection(self) -> None:
        self.refusals = 0
        handle = self.sandbox.handle

        def never(request: Request) -> Any:
            if request.path == "/graphql" and b"mutation" in request.body:
                self.sandbox.faults = parse_faults("refused=1")
                try:
                    return handle(request)
                finally:
                    self.sandbox.faults = parse_faults("")
            return handle(request)

        # A refused connection is tried again, so that one alone would not be seen.
        self.sandbox.handle = never  # type: ignore[method-assign]

    def reply_with_an_error(self) -> None:
        self._next_write("5xx-before")

    def instant(self) -> datetime:
        self.clock.sleep(1)
        return self.clock()

    def cancel(self, reference: str) -> None:
        from allocation.oms.fluent.documents import Mutation

        update = Mutation("mutation U($input: UpdateOrderInput) { updateOrder(input: $input) { id status } }")
        self.client().execute(update, {"input": {"id": reference, "status": "CANCELLED"}})


class TestFluent(Conformance):
    @pytest.fixture(params=[*((one, "active") for one in Uniqueness), (Uniqueness.ENFORCED, "created")])
    def system(self, request: pytest.FixtureRequest) -> System:
        return FluentSystem(*request.param)


def test_a_client_that_cannot_write_reads_all_of_it() -> None:
    system = FluentSystem(Uniqueness.ENFORCED)
    system.set_supply(PoolSupply("PHONE", "DC", 7))
    system.adapter().write_holds([hold()])
    reads = FluentReads(system.client(FluentReader))
    assert [pool.on_hand for pool in reads.supply()] == [7]
    assert list(reads.holds()) == [hold()]
    assert not hasattr(reads, "submit")


def test_a_hold_is_never_counted_by_the_platform() -> None:
    system = FluentSystem(Uniqueness.ENFORCED)
    system.adapter().write_holds([hold()])
    (record,) = [one for one in system.sandbox.records("InventoryQuantity") if one["ref"] == hold_ref("RES-O-1-1")]
    assert record["type"] == "PREORDER"
    assert record["status"] == "CONFIRMED"


@pytest.mark.parametrize("damage", [{"quantity": None}, {"attributes": []}, {"status": "ODD"}, {"position": None}])
def test_what_is_no_hold_is_named_by_its_ref(damage: dict[str, Any]) -> None:
    node = {
        "ref": "HOLD-X",
        "quantity": 1,
        "status": Status.RESERVED.name,
        "position": {"productRef": "PHONE", "locationRef": "DC"},
        "attributes": [],
    }
    with pytest.raises(BadAnswer, match="HOLD-X"):
        hold_of(node | damage)


def test_a_long_id_has_a_short_ref_of_its_own() -> None:
    refs = [hold_ref("RES-" + "O" * 120 + f"-{line}") for line in (1, 2)]
    assert len(set(refs)) == 2
    assert all(len(ref) <= 100 for ref in refs)


def test_a_catalogue_that_is_not_there_is_told_from_one_without_supply() -> None:
    system = FluentSystem(Uniqueness.ENFORCED)
    system.settings = system.settings.model_copy(update={"catalogue": "DEFAULT:9"})
    with pytest.raises(NotFound, match="ALLOCATION_FLUENT_CATALOGUE"):
        list(system.adapter().supply())
