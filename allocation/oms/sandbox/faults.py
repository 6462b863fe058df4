"""What goes wrong on purpose: how often, chosen by a seed, and the same for the same requests.

A fault is drawn from a hash of the seed, the request's text and how often that text came before. So a run is replayed
whatever the order in which threads send, and a retry draws anew. One fault decides what becomes of a request, the first
of the table that is drawn; duplicate deliveries and slow reads come on top of it.

==================  ==================================================================================================
``refused``         the connection is refused; nothing is executed
``429``             429 with Retry-After; nothing is executed
``401``             the token is forgotten, and the answer is 401; nothing is executed
``5xx-before``      500, 502, 503 or 504; nothing is executed
``late-commit``     504 or no answer now; a mutation is executed some seconds later
``5xx-after``       executed, then 500, 502, 503 or 504
``reply-lost``      executed, then the connection is closed without an answer
``malformed``       executed, then an answer that is no JSON
``partial``         one root field is null, with an error beside the data; a mutation may be executed all the same
``duplicate``       a mutation is executed twice, and either answer is sent; also ``duplicate-delivery``
``slow-read``       what a mutation writes is seen by queries some seconds later only
``rate-limit``      so many requests a second, then 429 with Retry-After or, with ``:C0011E``, that error
``token-expires``   life of access tokens
==================  ==================================================================================================

``--faults 5xx-after=0.003,late-commit=0.001:1-6s,slow-read=0.01:2s,rate-limit=50,token-expires=90s``
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, Literal

from allocation.engine.errors import Problem, SettingError

OUTCOMES: Final = (
    *("refused", "429", "401", "5xx-before", "late-commit", "5xx-after", "reply-lost", "malformed", "partial"),
)
"""At most one of these decides what becomes of a request; the first that is drawn."""
ON_TOP: Final = ("duplicate", "slow-read")
SECONDS: Final[Mapping[str, tuple[float, float]]] = {"429": (1, 1), "late-commit": (1, 6), "slow-read": (1, 6)}
"""Kinds that take a time, and the one that they take where none is given."""
_ALIASES: Final = {"duplicate-delivery": "duplicate"}
_SETTINGS: Final = ("rate-limit", "token-expires")
_STATUSES: Final = (500, 502, 503, 504)
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?s?")


@dataclass(frozen=True, slots=True)
class Fault:
    """How often something goes wrong, and how long it takes where it takes a time.

    Attributes:
        rate: Probability that a request to which it can happen has it.
        seconds: The least and the most.
    """

    rate: float
    seconds: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests a second are answered, and how the others are refused."""

    per_s: float
    answer: Literal["429", "C0011E"] = "429"


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything that goes wrong on purpose; nothing does by default."""

    kinds: Mapping[str, Fault] = field(default_factory=dict)
    rate_limit: RateLimit | None = None
    token_expires_s: int | None = None


# ----- reading


def parse_faults(spec: str) -> Faults:
    """The faults of a text such as ``5xx-before=0.003,late-commit=0.001:1-6s``.

    Raises:
        SettingError: An entry is none; all problems are named.
    """
    problems: list[Problem] = []
    entries = dict[str, tuple[str, str]]()
    for entry in filter(None, (part.strip() for part in spec.split(","))):
        name, equals, value = (part.strip() for part in entry.partition("="))
        name = _ALIASES.get(name, name)
        if message := _entry_problem(name, equals, entries):
            problems.append(Problem((entry,), message))
            continue
        first, _, second = value.partition(":")
        entries[name] = first.strip(), second.strip()
    kinds = {name: _fault(name, *texts, problems) for name, texts in entries.items() if name not in _SETTINGS}
    limit = _rate_limit(*entries["rate-limit"], problems) if "rate-limit" in entries else None
    expires = _expiry(*entries["token-expires"], problems) if "token-expires" in entries else None
    if problems:
        raise SettingError(problems, "faults")
    return Faults(kinds, limit, expires)


def _entry_problem(name: str, equals: str, entries: Mapping[str, object]) -> str:
    known = (*OUTCOMES, *ON_TOP, *_SETTINGS)
    if name not in known:
        close = get_close_matches(name, known, 1)
        return f"there is no such fault; did you mean {close[0]}?" if close else f"no fault; one of {', '.join(known)}"
    if not equals:
        return "needs a value, such as 0.003"
    return "stands there twice; keep one" if name in entries else ""


def _fault(name: str, rate: str, span: str, problems: list[Problem]) -> Fault:
    chance = _number(rate)
    if chance is None or chance > 1:
        problems.append(Problem((name,), f"{rate!r} is no rate; write a number from 0 to 1"))
    if span and name not in SECONDS:
        problems.append(Problem((name,), f"takes no time, so leave out {span!r}"))
    seconds = _seconds(span) if span else SECONDS.get(name, (0.0, 0.0))
    if seconds is None:
        problems.append(Problem((name,), f"{span!r} is no time; write one such as 2s or 1-6s"))
    return Fault(chance or 0.0, seconds or (0.0, 0.0))


def _rate_limit(rate: str, answer: str, problems: list[Problem]) -> RateLimit | None:
    per_s = _number(rate.removesuffix("/s"))
    if not per_s:
        problems.append(Problem(("rate-limit",), f"{rate!r} is no number of requests a second above 0"))
    if answer not in {"", "429", "C0011E"}:
        problems.append(Problem(("rate-limit",), f"{answer!r} is no answer; write 429 or C0011E"))
    return RateLimit(per_s or 1.0, "C0011E" if answer == "C0011E" else "429")


def _expiry(life: str, more: str, problems: list[Problem]) -> int | None:
    seconds = _number(life.removesuffix("s"))
    if not seconds or more or seconds != int(seconds):
        problems.append(Problem(("token-expires",), f"{life!r} is no time; write whole seconds, such as 90s"))
        return None
    return int(seconds)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,12})?", text) else None


def _seconds(text: str) -> tuple[float, float] | None:
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    low, high = float(match[1]), float(match[2] or match[1])
    return (low, high) if low <= high else None


# ----- drawing


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to one request.

    Attributes:
        kind: The fault that decides what becomes of it, or empty.
        status: Of HTTP, for the faults that answer one.
        seconds: Until when to wait (429), or until it is executed (late commit).
        lag_s: Until queries see what it writes.
        twice: Whether it is executed twice.
        coin: A number from 0 to 1 for what else is to be chosen.
    """

    kind: str = ""
    status: int = 0
    seconds: float = 0.0
    lag_s: float = 0.0
    twice: bool = False
    coin: float = 0.0

    @property
    def label(self) -> str:
        """Its faults, as the ledger has them."""
        on_top = ("duplicate" * self.twice, "slow-read" * (self.lag_s > 0))
        return "+".join(filter(None, (self.kind, *on_top)))


class Draws:
    """Numbers from 0 to 1 that follow from a seed and a name: no generator has a state that threads could share."""

    def __init__(self, seed: int) -> None:
        self._key = seed.to_bytes(32, "big")
        self._seen: dict[bytes, int] = {}

    def occurrence(self, digest: bytes) -> Callable[[str], float]:
        """The numbers of a request, by name; every time that it comes they are others."""
        count = self._seen[digest] = self._seen.get(digest, 0) + 1
        return lambda name: self._draw(digest, count, name)

    def _draw(self, digest: bytes, count: int, name: str) -> float:
        text = b"%b %d %b" % (digest, count, name.encode())
        drawn = hashlib.blake2b(text, digest_size=8, key=self._key).digest()
        return int.from_bytes(drawn, "big") / 2**64


def plan(faults: Faults, draw: Callable[[str], float], possible: Callable[[str], bool]) -> Plan:
    """What is done to a request.

    Args:
        faults: How often what goes wrong.
        draw: The numbers of the request.
        possible: Whether a kind of fault can happen to it.
    """

    def happens(kind: str) -> bool:
        fault = faults.kinds.get(kind)
        return fault is not None and draw(kind) < fault.rate and possible(kind)

    kind = next((kind for kind in OUTCOMES if happens(kind)), "")
    status = _STATUSES[int(draw("status") * len(_STATUSES))] if kind.startswith("5xx") else 0
    return Plan(
        kind=kind,
        status=status,
        seconds=_drawn(faults, kind, draw),
        lag_s=_drawn(faults, "slow-read", draw) if happens("slow-read") else 0.0,
        twice=happens("duplicate"),
        coin=draw("coin"),
    )


def _drawn(faults: Faults, kind: str, draw: Callable[[str], float]) -> float:
    low, high = faults.kinds[kind].seconds if kind in faults.kinds else (0.0, 0.0)
    return low + draw(f"{kind} seconds") * (high - low)
