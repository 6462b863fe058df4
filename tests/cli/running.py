"""Commands that run in this process: what is tested is what `main` prints and how it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from allocation.oms.sandbox import Sandbox


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Served(NamedTuple):
    """A sandbox, and where it listens."""

    url: str
    sandbox: Sandbox


Run = Callable[..., Ended]


def refused(ended: Ended, *texts: str) -> None:
    """Bad input: exit code 3, nothing on stdout, and one message that says these texts."""
    assert ended.code == 3, ended
    assert ended.out == ""
    assert len(ended.err) < 6000, "a message is read by a person"
    for text in texts:
        assert text in ended.err
