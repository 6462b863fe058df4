"""Logging in: access tokens that expire, and refresh tokens that work once."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from allocation.oms.sandbox.instants import text_of
from allocation.oms.sandbox.requests import Reply, Request, reply_error, reply_json
from allocation.oms.sandbox.settings import Settings
from allocation.oms.sandbox.state import Record, State


class Tokens:
    """The tokens that were given out; they are kept with everything else.

    Args:
        state: All records.
        settings: Credentials, seed and the life of a token.
    """

    def __init__(self, state: State, settings: Settings) -> None:
        self._state = state
        self._settings = settings

    def answer(self, request: Request, now: datetime, expires_in_s: int) -> Reply:
        """The reply to ``POST /oauth/token``.

        Parameters are taken from the form, or from the query string as older clients send them. [DOC]
        """
        if request.method != "POST":
            return reply_error(405, "invalid_request", "the token endpoint takes POST")
        form = parse_qs((request.content() or b"").decode(errors="replace"))
        given = {**request.query, **{name: values[-1] for name, values in form.items()}}
        kept = self._settings.credentials
        if (given.get("client_id"), given.get("client_secret")) != (kept.client_id, kept.client_secret):
            return reply_error(401, "invalid_client", "client_id or client_secret is wrong")
        grant = given.get("grant_type")
        if grant == "password":
            if (given.get("username"), given.get("password")) != (kept.username, kept.password):
                return reply_error(400, "invalid_grant", "username or password is wrong")
        elif grant == "refresh_token":
            if not self._use(given.get("refresh_token", "")):
                return reply_error(400, "invalid_grant", "the refresh token is unknown, or was used")
        else:
            # That client credentials alone are enough is nowhere documented.
            return reply_error(400, "unsupported_grant_type", f"grant_type {grant!r} is not supported")
        return reply_json(self._issue(now, expires_in_s))

    def _issue(self, now: datetime, expires_in_s: int) -> dict[str, object]:
        number = len(self._state.numbers("Token"))
        access, refresh = self._name("access", number), self._name("refresh", number)
        until = text_of(now + timedelta(seconds=expires_in_s))
        self._state.add("Token", {"ref": access, "until": until, "revoked": False})
        self._state.add("RefreshToken", {"ref": refresh, "used": False})
        return {
            "access_token": access,
            "token_type": "bearer",
            "refresh_token": refresh,
            "expires_in": expires_in_s,
            "scope": "api",
            "Retailer_id": self._settings.retailer_id,
        }

    def _name(self, kind: str, number: int) -> str:
        # From the seed, so that a run is replayed to the letter.
        digest = hashlib.blake2b(f"{self._settings.seed} {kind} {number}".encode(), digest_size=16).digest()
        return str(uuid.UUID(bytes=digest, version=4))

    def _use(self, refresh: str) -> bool:
        """Use up a refresh token [DOC 2025-12]."""
        found = self._find("RefreshToken", refresh)
        if found is None or found["used"]:
            return False
        self._state.change("RefreshToken", found, {"used": True})
        return True

    def is_good(self, request: Request, now: datetime) -> bool:
        """Whether a request has a token that is known and has not expired."""
        found = self._of(request)
        return found is not None and not found["revoked"] and text_of(now) < found["until"]

    def revoke(self, request: Request) -> None:
        """Forget the token of a request."""
        found = self._of(request)
        if found is not None:
            self._state.change("Token", found, {"revoked": True})

    def _of(self, request: Request) -> Record | None:
        scheme, _, token = request.header("authorization").partition(" ")
        return self._find("Token", token.strip()) if scheme.lower() == "bearer" else None

    def _find(self, kind: str, ref: str) -> Record | None:
        numbers = self._state.numbers(kind, refs=[ref]) if ref else ()
        return self._state.get(kind, numbers[0]) if numbers else None
