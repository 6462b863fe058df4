"""What is secret appears in no log, error or repr, whatever goes wrong."""

from __future__ import annotations

import logging
import traceback

import httpx
import pytest

from allocation.engine.errors import OmsError
from allocation.oms.fluent.queries import CREATE_ORDER
from tests.oms.fluent.documents import CUSTOMER
from tests.oms.fluent.scripted import CLIENT_SECRET, PASSWORD, Answer, Platform, data, error, errors, token

EMAIL = "jo.public@example.com"
TOKENS = ("access-token", "refresh-token")
SECRETS = (CLIENT_SECRET, PASSWORD, *TOKENS)


def repeats(request: httpx.Request) -> httpx.Response:
    """An answer that repeats whatever it was sent."""
    said = " ".join([*request.headers.values(), request.content.decode()])
    if request.url.path == "/oauth/token":
        return httpx.Response(400, json={"error": said, "error_description": said})
    return errors({"message": said, "extensions": {"code": "C0020E"}})


def breaks(request: httpx.Request) -> httpx.Response:
    raise httpx.LocalProtocolError(f"bad header {request.headers['authorization']}")


def breaks_log_in(request: httpx.Request) -> httpx.Response:
    raise httpx.LocalProtocolError(f"bad body {request.content!r}")


ANSWERS: dict[str, tuple[Answer, tuple[Answer, ...]]] = {
    "good": (data(customer={"primaryEmail": EMAIL}, createOrder={"id": "1"}), (token(expires_in=1),)),
    "repeats": (repeats, ()),
    "breaks": (breaks, ()),
    "unauthorized": (httpx.Response(401, json={"error_description": "Invalid access token: access-token-1"}), ()),
    "away": (httpx.Response(503), ()),
    "log-in repeats": (data(), (repeats,)),
    "log-in breaks": (data(), (breaks_log_in,) * 9),
    "log-in away": (data(), (httpx.Response(502, text=PASSWORD),) * 9),
    "customer unknown": (errors(error("C0120E", message=f"no customer {EMAIL}")), ()),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_secret_is_shown(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer, logins = ANSWERS[name]
    platform = Platform(answer, logins=logins)
    shown = []
    with platform.client() as client:
        for _ in range(2):
            try:
                shown.append(repr(client.ask(CUSTOMER, {"ref": EMAIL})))
            except OmsError as wrong:
                shown += [str(wrong), repr(wrong), "".join(traceback.format_exception(wrong))]
            shown.append(repr(client.execute(CREATE_ORDER, {"input": {"customer": {"primaryEmail": EMAIL}}})))
            shown += [repr(client._gateway._tokens._token), repr(client.settings), repr(client)]
            platform.clock.time += 10
    assert platform.forms
    for text in (*shown, caplog.text):
        for secret in SECRETS:
            assert secret not in text
    assert EMAIL not in caplog.text
    assert "{" not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("allocation"))


def test_a_request_is_one_line_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "allocation")
    Platform(httpx.Response(503), data(customer=None)).reader().ask(CUSTOMER, {"ref": EMAIL})
    assert [(record.levelname, record.getMessage()) for record in caplog.records if "alloc" in record.name] == [
        ("DEBUG", "fluent log-in grant=password status=200 ms=0"),
        ("DEBUG", "fluent request operation=Customer status=503 ms=0 bytes=0"),
        ("DEBUG", "fluent request operation=Customer status=200 ms=0 bytes=26"),
    ]


def test_codes_of_errors_are_logged_and_messages_are_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "allocation")
    with pytest.raises(OmsError, match=EMAIL):
        Platform(errors(error("C0120E", message=f"no {EMAIL}"))).reader().ask(CUSTOMER, {"ref": EMAIL})
    assert "fluent answer errors=['C0120E'] warnings=[]" in caplog.text
