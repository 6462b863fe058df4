"""A journal is the same in a SQLite file and in a PostgreSQL database that machines share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from allocation.engine.errors import JournalDamaged, LockHeld, NotFound, ReleaseError, SettingError
from allocation.live.journal import Entry, Journal, find_lock
from tests.live.postgres import postgres, programs

AT = datetime(2025, 11, 15, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL is installed")
    with postgres(found) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "journal.sqlite") if request.param == "sqlite" else request.getfixturevalue("server")


@pytest.fixture
def launch(request: pytest.FixtureRequest) -> str:
    """One for each test, as they share a database."""
    return request.node.name[:200]


def entry(number: int) -> Entry:
    return Entry("INTENT", AT.isoformat(), "plan", f"KEY-{number}", {"payload": str(number)})


def written(place: str, launch: str, count: int = 3) -> Journal:
    journal = Journal(place, "ACME", launch)
    assert journal.entries() == []
    journal.append([entry(number) for number in range(count)])
    return journal


def change(place: str, launch: str, statement: str) -> None:
    address = place.replace("postgresql://", "postgresql+psycopg://") if "://" in place else f"sqlite:///{place}"
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text(f"{statement} AND launch = :launch"), {"launch": launch})
    engine.dispose()


def test_what_is_appended_is_read_by_everybody(place: str, launch: str) -> None:
    first = written(place, launch)
    second = Journal(place, "ACME", launch)
    assert second.entries() == [entry(0), entry(1), entry(2)] == first.entries()
    second.append([entry(3)])
    assert len(first.entries()) == 4
    other = Journal(place, "ACME", f"{launch} 2")
    assert other.entries() == []
    other.close()
    first.close()
    second.close()


def test_two_who_write_at_once_do_not_overwrite_each_other(place: str, launch: str) -> None:
    first = written(place, launch)
    second = Journal(place, "ACME", launch)
    second.entries()
    first.append([entry(3)])
    with pytest.raises(ReleaseError, match="somebody else"):
        second.append([entry(4)])
    assert len(first.entries()) == 4
    first.close()
    second.close()


def test_a_last_entry_that_is_torn_was_not_written(place: str, launch: str) -> None:
    journal = written(place, launch)
    change(place, launch, "UPDATE journal SET content = '{\"kind\"' WHERE seq = 3")
    assert journal.entries() == [entry(0), entry(1)]
    journal.append([entry(7)])
    assert journal.entries() == [entry(0), entry(1), entry(7)]
    journal.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE journal SET content = replace(content, 'KEY-1', 'KEY-9') WHERE seq = 2", "not what was written"),
        ("DELETE FROM journal WHERE seq = 2", "is missing"),
        ("DELETE FROM journal WHERE seq = 1", "is missing"),
    ],
)
def test_a_change_or_a_gap_is_an_error(place: str, launch: str, statement: str, words: str) -> None:
    journal = written(place, launch)
    change(place, launch, statement)
    with pytest.raises(JournalDamaged, match=words):
        journal.entries()
    journal.close()


def test_one_of_many_gets_the_lock(place: str, launch: str) -> None:
    answered = threading.Semaphore(0)

    def take(pid: int) -> str:
        journal = Journal(place, "ACME", launch)
        try:
            with journal.locked("anna", "desk", pid, AT, "plan"):
                # Held until all others have been refused, or had another error.
                for _ in range(7):
                    assert answered.acquire(timeout=300)
                return "held"
        except LockHeld as error:
            return str(error)
        finally:
            answered.release()
            journal.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(take, range(8)))
    assert answers.count("held") == 1
    others = [answer for answer in answers if answer != "held"]
    assert all("anna on desk" in answer and "live unlock" in answer for answer in others)


def test_a_lock_stays_until_a_person_takes_it_away_and_the_old_holder_writes_no_more(place: str, launch: str) -> None:
    first, second = Journal(place, "ACME", launch), Journal(place, "ACME", launch)
    first.entries()
    with first.locked("anna", "desk", 1, AT, "plan") as lock:
        with pytest.raises(NotFound, match="no lock 'other'"):
            second.unlock("other", "ben", AT)
        assert find_lock(place, lock.id) == lock
        assert second.unlock(lock.id, "ben", AT) == lock
        with second.locked("ben", "desk", 2, AT, "plan"):
            with pytest.raises(LockHeld, match="taken away"):
                first.append([entry(1)])
            second.entries()
            second.append([entry(2)])
    kinds = [(one.kind, one.detail.get("by")) for one in second.entries()]
    assert kinds == [("UNLOCKED", "ben"), ("INTENT", None)]
    assert second.lock() is None
    first.close()
    second.close()


def test_a_shared_journal_says_so(place: str, launch: str) -> None:
    journal = Journal(place, "ACME", launch)
    assert journal.is_shared == ("://" in place)
    assert journal.proof() is None or journal.is_shared
    journal.write_proof({"uniqueness": "enforced"})
    assert journal.proof() == {"uniqueness": "enforced"}
    journal.close()


def test_a_sqlite_journal_is_on_disk_when_a_commit_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite", "ACME", "launch")
    with journal._engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    journal.close()


def test_a_password_is_never_shown() -> None:
    with pytest.raises(ReleaseError) as raised:
        Journal("postgresql://ben:hush@127.0.0.1:1/none?connect_timeout=2", "ACME", "launch")
    assert "hush" not in str(raised.value)
    assert "***" in str(raised.value)


@pytest.mark.parametrize("place", ["mysql://x/y", "://", "nonsense://a"])
def test_what_is_no_place_for_a_journal_is_refused(place: str) -> None:
    with pytest.raises(SettingError):
        Journal(place, "ACME", "launch")
