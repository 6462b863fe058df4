"""Logging in."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from allocation.oms.sandbox import Request, Settings
from tests.oms.sandbox.clients import PASSWORD, Client


@pytest.fixture
def client() -> Client:
    return Client(Settings(expires_in_s=100), load=False)


def me(client: Client) -> int:
    return client.post("{ me { ref } }").status


def refresh(client: Client, token: str):
    return client.form(
        grant_type="refresh_token", client_id="SANDBOX", client_secret="sandbox-secret-1", refresh_token=token
    )


def test_a_log_in_is_answered_as_documented(client: Client) -> None:
    reply = client.form(**PASSWORD)
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("application/json")
    body = reply.json()
    assert (body["token_type"], body["expires_in"], body["scope"], body["Retailer_id"]) == ("bearer", 100, "api", 1)
    assert body["access_token"] != body["refresh_token"]


def test_parameters_may_be_in_the_query_string(client: Client) -> None:
    assert client.sandbox.handle(Request("POST", f"/oauth/token?{urlencode(PASSWORD)}")).status == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"password": "x"}, 400, "invalid_grant"),
        ({"username": "x"}, 400, "invalid_grant"),
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"client_id": "x"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "invalid_grant"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_are_refused(client: Client, change: dict[str, str], status: int, error: str) -> None:
    reply = client.form(**{**PASSWORD, **change})
    assert (reply.status, reply.json()["error"]) == (status, error)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic abc", "{token}"])
def test_requests_need_a_token(client: Client, header: str) -> None:
    headers = {"Authorization": header.format(token=client.token)}
    reply = client.sandbox.handle(Request("POST", "/graphql", headers, b'{"query": "{ me { ref } }"}'))
    assert (reply.status, reply.json()["error"]) == (401, "invalid_token")
    assert client.sandbox.handle(Request("GET", "/api/v4.1/event", headers)).status == 401


def test_the_scheme_is_spelled_in_any_case(client: Client) -> None:
    request = Request("POST", "/graphql", {"authorization": f"bearer {client.token}"}, b'{"query": "{ me { ref } }"}')
    assert client.sandbox.handle(request).json() == {"data": {"me": {"ref": "release-manager"}}}


def test_a_token_expires(client: Client) -> None:
    client.clock.now += timedelta(seconds=99.9)
    assert me(client) == 200
    client.clock.now += timedelta(seconds=0.1)
    assert me(client) == 401
    client.token = client.log_in()
    assert me(client) == 200


def test_a_refresh_token_works_once(client: Client) -> None:
    first = client.form(**PASSWORD).json()
    second = refresh(client, first["refresh_token"]).json()
    assert refresh(client, first["refresh_token"]).status == 400
    client.token = second["access_token"]
    assert me(client) == 200
    assert refresh(client, second["refresh_token"]).status == 200


def test_tokens_follow_from_the_seed() -> None:
    assert Client(Settings(seed=1)).token == Client(Settings(seed=1)).token != Client(Settings(seed=2)).token


def test_their_life_can_be_shortened_while_it_runs() -> None:
    client = Client(faults="token-expires=5s", load=False)
    client.token = client.log_in()
    client.clock.now += timedelta(seconds=5)
    assert me(client) == 401
