"""What an earlier process sent may still land when the next one looks: where nothing is unique, the next one waits."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from allocation.oms.port import Uniqueness
from tests.live.nights import Killed, Night, Process


@pytest.fixture
def night() -> Night:
    """A night whose process died while its first order was on its way: it lands 6 s later."""
    night = Night(Uniqueness.NONE)

    night.die_while_an_order_lands(6)
    night.unlock()
    return night


def finish(night: Night) -> None:
    night.apply()
    night.require_safe()
    night.require_done()


def test_the_next_process_waits_for_it(night: Night) -> None:
    finish(night)


def test_the_next_process_waits_for_it_without_a_journal(night: Night) -> None:
    night.lose_the_journal()
    finish(night)


@pytest.mark.parametrize("step", range(12))
def test_a_process_that_died_early_does_not_count_as_one_that_waited(night: Night, step: int) -> None:
    night.lose_the_journal()
    with pytest.raises(Killed):
        night.apply(Process(dies_at=step))
    night.unlock()
    finish(night)


def test_a_wait_that_was_interrupted_is_begun_again(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.lose_the_journal()

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(night.clock, "sleep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            night.apply()
    finish(night)


def test_a_last_entry_that_is_torn_may_have_been_an_order_that_was_sent(night: Night) -> None:
    with night.journal._engine.begin() as connection:
        connection.execute(text("DELETE FROM journal WHERE content LIKE '%UNLOCKED%'"))
        connection.execute(text("UPDATE journal SET content = '{' WHERE seq = (SELECT max(seq) FROM journal)"))
    assert "INTENT" not in {entry.kind for entry in night.journal_of(Process()).entries()}
    finish(night)


def test_a_torn_entry_that_a_person_wrote_over_by_unlocking_is_waited_for(night: Night) -> None:
    with night.journal._engine.begin() as connection:
        connection.execute(text("DELETE FROM journal WHERE content LIKE '%UNLOCKED%'"))
        connection.execute(text("UPDATE journal SET content = '{' WHERE seq = (SELECT max(seq) FROM journal)"))
    night.journal_of(Process())._take("anna", "desk", 1, night.clock(), "digest")
    night.unlock()
    finish(night)
