"""Bars on stderr, where somebody watches and nowhere else."""

from __future__ import annotations

import io
import re
import sys

from allocation.montecarlo.progress import progress_bars


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_for_each_and_one_over_all(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bars("reports", 2) as advance:
        assert advance is not None
        for cell in range(4):
            advance("first priority", cell, 3)
        advance("second priority", 1, 5)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    last = text.replace("\r", "\n").split("reports")[-1]
    assert "1/2" in last
    assert "second priority" in last
    assert "first priority" not in last
    assert "1/5" in last


def test_no_bar_without_a_terminal(monkeypatch):
    quiet = io.StringIO()
    monkeypatch.setattr(sys, "stderr", quiet)
    with progress_bars("reports", 2) as advance:
        assert advance is None
    assert quiet.getvalue() == ""
