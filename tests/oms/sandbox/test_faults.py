"""What goes wrong on purpose: each kind does what it says, and the same seed gives the same faults."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from allocation.engine.errors import SettingError
from allocation.oms.sandbox import Fault, Faults, RateLimit, Request, Sandbox, Settings, parse_faults
from allocation.oms.sandbox.faults import ON_TOP, OUTCOMES
from tests.oms.sandbox.clients import (
    CATALOGUE,
    CREATE,
    CREATE_ORDER,
    READ,
    START,
    UPDATE,
    Client,
    Clock,
    order_input,
    quantity_input,
)


def send(client: Client, ref: str = "q", **more: Any):
    return client.post(CREATE, input=quantity_input(ref, **more))


def commits(client: Client, ref: str = "q") -> int:
    return len(client.sandbox.ledger.committed("createInventoryQuantity", ref))


# ----- the text


def test_a_text_is_read() -> None:
    assert parse_faults("") == Faults()
    assert parse_faults("5xx-before=0.003, late-commit = 0.001:1-6s,duplicate-delivery=1,slow-read=0.5:2") == Faults(
        {
            "5xx-before": Fault(0.003),
            "late-commit": Fault(0.001, (1, 6)),
            "duplicate": Fault(1),
            "slow-read": Fault(0.5, (2, 2)),
        }
    )
    assert parse_faults("rate-limit=50/s,token-expires=90s") == Faults({}, RateLimit(50), 90)
    assert parse_faults("rate-limit=2.5:C0011E").rate_limit == RateLimit(2.5, "C0011E")
    assert parse_faults("late-commit=0.1").kinds["late-commit"].seconds == (1, 6)


def test_every_kind_can_be_named() -> None:
    assert tuple(parse_faults(",".join(f"{kind}=0.01" for kind in (*OUTCOMES, *ON_TOP))).kinds) == (*OUTCOMES, *ON_TOP)


def test_all_problems_are_named_at_once() -> None:
    text = "reply-los=0.1,401=2,late-commit=0.1:6-1s,refused,429=-1,5xx-after=0.1:3s,malformed=0,malformed=0,x=1"
    with pytest.raises(SettingError) as caught:
        parse_faults(f"{text},rate-limit=0:503,token-expires=soon")
    assert len(caught.value.problems) == 11
    for part in ("did you mean reply-lost?", "'2' is no rate", "'6-1s' is no time", "refused", "'-1'", "twice", "soon"):
        assert part in str(caught.value)


# ----- each kind


def test_refused_is_never_executed_and_takes_no_time() -> None:
    client = Client(Settings(latency_ms=(20, 20)), "refused=1")
    client.clock.slept.clear()
    assert send(client).sent == "refused"
    client.calm()
    assert commits(client) == 0
    assert not client.clock.slept
    assert client.data(READ, ref="q") == {"inventoryQuantity": None}


def test_429_says_how_long_to_wait() -> None:
    client = Client(faults="429=1:2-4s")
    reply = send(client)
    assert reply.status == 429
    assert 2 <= int(reply.headers["Retry-After"]) <= 5
    assert commits(client) == 0


def test_401_forgets_the_token() -> None:
    client = Client(faults="401=1")
    assert send(client).status == 401
    client.calm()
    assert send(client).status == 401
    client.token = client.log_in()
    assert send(client).status == 200
    assert commits(client) == 1


def test_a_server_error_before_is_not_executed_and_one_after_is() -> None:
    statuses = set()
    for kind, expected in (("5xx-before", 0), ("5xx-after", 1)):
        client = Client(faults=f"{kind}=1")
        for i in range(30):
            reply = send(client, f"q{i}")
            statuses.add(reply.status)
            assert reply.headers.get("Retry-After") in {None, "1"}
            assert commits(client, f"q{i}") == expected
    assert statuses == {500, 502, 503, 504}


def test_a_lost_reply_was_executed() -> None:
    client = Client(faults="reply-lost=1")
    assert send(client).sent == "lost"
    assert commits(client) == 1
    client.calm()
    assert client.code(CREATE, input=quantity_input("q")) == "C0123E"


def test_a_malformed_answer_was_executed() -> None:
    client = Client(faults="malformed=1")
    reply = send(client)
    assert reply.status == 200
    with pytest.raises(ValueError, match=r"char|column"):
        reply.json()
    assert commits(client) == 1


def test_a_late_commit_lands_when_it_is_due_and_at_that_instant() -> None:
    client = Client(faults="late-commit=1:3-3s")
    answers = {(send(client, f"q{i}").sent, i) for i in range(20)}
    assert {sent for sent, _ in answers} == {"lost", "reply"}
    client.calm()
    assert client.data(READ, ref="q0") == {"inventoryQuantity": None}
    assert client.sandbox.settle() == 20
    client.clock.now = START + timedelta(seconds=2.9)
    assert client.data(READ, ref="q0") == {"inventoryQuantity": None}
    client.clock.now = START + timedelta(seconds=60)
    assert client.data(READ, ref="q0")["inventoryQuantity"]["ref"] == "q0"
    assert client.sandbox.settle() == 0
    (commit,) = client.sandbox.ledger.committed("createInventoryQuantity", "q0")
    assert commit.at == "2025-02-01T09:00:03.000Z"
    assert client.sandbox.records("InventoryQuantity")[-1]["createdOn"] == commit.at


def test_a_late_commit_of_what_was_sent_again_meanwhile_is_a_duplicate() -> None:
    for uniqueness, orders in (("enforced", 1), ("none", 2)):
        client = Client(Settings(uniqueness=uniqueness))
        given = order_input("o", client.customer())
        client.sandbox.faults = parse_faults("late-commit=1:5s")
        assert client.post(CREATE_ORDER, input=given).status in {0, 504}
        client.calm()
        client.data(CREATE_ORDER, input=given)
        client.clock.now += timedelta(seconds=5)
        assert len(client.sandbox.records("Order")) == orders


def test_a_duplicate_delivery_is_executed_twice_and_either_answer_comes() -> None:
    client = Client(Settings(uniqueness="none"))
    customer = client.customer()
    client.sandbox.faults = parse_faults("duplicate=1")
    client.data(CREATE_ORDER, input=order_input("o", customer))
    first, second = client.sandbox.ledger.committed("createOrder", "o")
    assert first.request == second.request
    client = Client(faults="duplicate=1")
    refused = ["errors" in send(client, f"q{i}").json() for i in range(20)]
    assert 0 < sum(refused) < 20
    assert [commits(client, f"q{i}") for i in range(20)] == [1] * 20


def test_a_slow_read_sees_what_was_and_writers_see_what_is() -> None:
    client = Client(faults="slow-read=1:4s")
    made = send(client).json()["data"]["createInventoryQuantity"]
    assert made["ref"] == "q"
    assert client.data(READ, ref="q") == {"inventoryQuantity": None}
    assert (
        client.data('{ inventoryQuantities(ref: "q") { edges { node { ref } } } }')["inventoryQuantities"]["edges"]
        == []
    )
    assert client.code(CREATE, input=quantity_input("q")) == "C0123E"
    client.clock.now += timedelta(seconds=3)
    client.data(UPDATE, input={"ref": "q", "catalogue": CATALOGUE, "quantity": 9})
    client.clock.now += timedelta(seconds=3)
    # The later change keeps the reader where it was.
    assert client.data(READ, ref="q") == {"inventoryQuantity": None}
    client.clock.now += timedelta(seconds=1)
    assert client.data(READ, ref="q")["inventoryQuantity"]["quantity"] == 9


def test_a_partial_answer_leaves_open_whether_it_was_executed() -> None:
    client = Client(faults="partial=1")
    executed = []
    for i in range(20):
        answer = send(client, f"q{i}").json()
        assert answer["data"] == {"createInventoryQuantity": None}
        (error,) = answer["errors"]
        assert (error["path"], error["extensions"]["code"]) == (["createInventoryQuantity"], "S0020E")
        executed.append(commits(client, f"q{i}"))
    assert set(executed) == {0, 1}


def test_a_partial_answer_takes_out_one_of_several_fields() -> None:
    client = Client(faults="partial=1")
    seen = set()
    for i in range(20):
        answer = client.ask(f"query Q{i} {{ a: me {{ ref }} b: me {{ ref }} }}")
        (missing,) = (name for name, value in answer["data"].items() if value is None)
        assert answer["errors"][0]["path"] == [missing]
        seen.add(missing)
    assert seen == {"a", "b"}


def test_a_rate_limit_lets_so_many_through() -> None:
    client = Client(faults="rate-limit=5")
    statuses = [client.post("{ me { ref } }").status for _ in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    reply = client.post("{ me { ref } }")
    client.clock.now += timedelta(seconds=int(reply.headers["Retry-After"]))
    assert client.post("{ me { ref } }").status == 200


def test_a_rate_limit_may_answer_with_a_code() -> None:
    client = Client(faults="rate-limit=1:C0011E")
    assert client.post("{ me { ref } }").json()["data"]
    assert client.code("{ me { ref } }") == "C0011E"
    assert client.sandbox.ledger.requests[-1].codes == ("C0011E",)


def test_reads_are_never_late_nor_delivered_twice_and_log_ins_get_no_401() -> None:
    client = Client(faults="late-commit=1,duplicate=1,slow-read=1,401=1,partial=1")
    client.token = client.log_in()
    assert client.sandbox.ledger.requests[-1].fault == ""
    client.sandbox.faults = parse_faults("late-commit=1,duplicate=1,slow-read=1")
    assert client.data("{ me { ref } }")
    assert client.sandbox.ledger.requests[-1].fault == ""


# ----- replaying

MIX = ",".join(f"{kind}=0.15" for kind in (*OUTCOMES, *ON_TOP))


def outcomes(seed: int) -> list[tuple[str, str, int, tuple[str, ...], int]]:
    client = Client(Settings(seed=seed), MIX)
    for i in range(40):
        client.token = client.token if i % 10 else _log_in(client)
        send(client, f"q{i}")
        client.clock.now += timedelta(seconds=1)
    return [(r.fault, r.sent, r.status, r.codes, r.commits) for r in client.sandbox.ledger.requests]


def _log_in(client: Client) -> str:
    faults, client.sandbox.faults = client.sandbox.faults, Faults()
    token = client.log_in()
    client.sandbox.faults = faults
    return token


def test_the_same_seed_gives_the_same_faults() -> None:
    assert outcomes(7) == outcomes(7) != outcomes(8)


def test_the_ledger_counts_faults() -> None:
    client = Client(faults=MIX)
    for i in range(60):
        send(client, f"q{i}")
    counts = client.sandbox.ledger.faults()
    assert set(counts) <= {*OUTCOMES, *ON_TOP}
    assert len(counts) > 5


def test_rates_are_kept() -> None:
    client = Client(faults="5xx-before=0.2", load=False)
    for i in range(1000):
        client.post(f"query Q{i} {{ me {{ ref }} }}")
    assert 150 < client.sandbox.ledger.faults()["5xx-before"] < 250


def test_a_retry_draws_anew() -> None:
    client = Client(faults="5xx-before=0.5", load=False)
    assert {client.post("{ me { ref } }").status == 200 for _ in range(20)} == {True, False}


def test_threads_get_the_same_faults_in_any_order() -> None:
    def run(threads: int) -> dict[str, tuple[str, int]]:
        client = Client(Settings(seed=3), "5xx-after=0.2,reply-lost=0.2,duplicate=0.2")
        with ThreadPoolExecutor(threads) as pool:
            replies = pool.map(lambda i: send(client, f"q{i}"), range(60))
            found = {f"q{i}": (reply.sent, reply.status) for i, reply in enumerate(replies)}
        assert all(commits(client, ref) == 1 for ref in found)
        return found

    assert run(1) == run(8)


def test_latency_is_half_before_the_work_and_half_after_it() -> None:
    client = Client(Settings(latency_ms=(40, 40)))
    start = client.clock.now
    send(client)
    assert client.clock.now - start == timedelta(milliseconds=40)
    (commit,) = client.sandbox.ledger.committed("createInventoryQuantity", "q")
    assert commit.at == "2025-02-01T09:00:00.060Z"


def test_latencies_are_between_their_ends() -> None:
    client = Client(Settings(latency_ms=(20, 60)))
    client.clock.slept.clear()
    for i in range(50):
        send(client, f"q{i}")
    both = [2 * half * 1000 for half in client.clock.slept[::2]]
    assert len(both) == 50
    assert 20 <= min(both) < 30
    assert 50 < max(both) <= 60


@pytest.mark.parametrize("settings", [{"latency_ms": (5, 1)}, {"expires_in_s": 0}, {"seed": -1}, {"retailer_id": 0}])
def test_settings_are_checked(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingError):
        Settings(**settings)


def test_the_account_of_another_retailer() -> None:
    clock = Clock()
    sandbox = Sandbox(Settings(retailer_id=3), now=clock, sleep=clock.sleep)
    assert [record["ref"] for record in sandbox.records("InventoryCatalogue")] == ["DEFAULT:3"]
    assert sandbox.handle(Request("GET", "/nowhere")).status == 401
