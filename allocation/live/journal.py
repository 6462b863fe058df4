"""What was going to be done and what became of it, on disk before anything is sent; and who may do it.

The journal is append-only. Entries of one launch are numbered without a gap, and each carries a checksum over itself
and the one before. A last entry that is not whole counts as not written; anything else that does not fit is an error.
It lives in a SQLite file, which guards one machine, or in a PostgreSQL database that all machines share, and the lock
lives beside it: no two processes apply plans of one launch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from allocation.engine.errors import JournalDamaged, LockHeld, NotFound, ReleaseError, SettingError

ENTRY_DIGITS, LOCK_DIGITS = 64, 12
_BUSY_S = 30.0
_FIRST = ""

_tables = MetaData()
_entries = Table(
    "journal",
    _tables,
    Column("account", String(255), primary_key=True),
    Column("launch", String(255), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("checksum", String(ENTRY_DIGITS), nullable=False),
)
_locks = Table(
    "locks",
    _tables,
    Column("account", String(255), primary_key=True),
    Column("launch", String(255), primary_key=True),
    Column("id", String(LOCK_DIGITS), nullable=False),
    Column("content", Text, nullable=False),
)
_proofs = Table(
    "proofs",
    _tables,
    Column("account", String(255), primary_key=True),
    Column("content", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal.

    Attributes:
        kind: What it says: a state of an order (`states.State`) or of a hold (``HOLDING``, ``HELD``, ``NOT_HELD``), or
            ``PLAN``, ``END``, ``UNLOCKED``.
        at: When, ISO 8601.
        plan: Digest of the plan that was being applied.
        key: Of the effect, empty where it is about the whole plan.
        detail: What else is known, such as the digest of the payload or the system's own reference.
    """

    kind: str
    at: str
    plan: str
    key: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> str:
        """Its text, the same for the same entry."""
        plain = {"kind": self.kind, "at": self.at, "plan": self.plan, "key": self.key, "detail": dict(self.detail)}
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Lock:
    """Who applies plans of a launch.

    Attributes:
        id: What `Journal.unlock` asks for.
        account, launch: Of what.
        who, host, pid: Whose process it is, and where.
        since: ISO 8601.
        plan: Digest of the plan.
    """

    id: str
    account: str
    launch: str
    who: str
    host: str
    pid: int
    since: str
    plan: str

    def __str__(self) -> str:
        return (
            f"lock {self.id} of {self.launch} in {self.account}: {self.who} on {self.host}, process {self.pid}, "
            f"since {self.since}, plan {self.plan[:LOCK_DIGITS]}"
        )


class Journal:
    """The journal of one launch.

    Args:
        place: A SQLite file, ``:memory:``, or the address of a PostgreSQL database (``postgresql://...``).
        account, launch: Of what.

    Raises:
        SettingError: It is no place for a journal.
        ReleaseError: The database does not answer.
    """

    def __init__(self, place: str | Path, account: str, launch: str) -> None:
        self.account, self.launch = account, launch
        self._url = _url_of(place)
        self._engine = _engine_of(self._url)
        self._own: Lock | None = None
        self._torn: int | None = None
        self._last = (0, _FIRST)
        try:
            with self._errors():
                _create_tables(self._engine)
        except ReleaseError:
            self.close()
            raise

    @property
    def is_shared(self) -> bool:
        """Whether other machines see it, and its lock, too."""
        return self._engine.dialect.name != "sqlite"

    @property
    def is_torn(self) -> bool:
        """Whether the last entry, as `entries` read it, was not whole: nobody knows what it was."""
        return self._torn is not None

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self._url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    # ----- entries

    def entries(self) -> list[Entry]:
        """All entries, in order.

        Raises:
            JournalDamaged: An entry is missing or was changed. Only the last one may be torn, and then is not there.
        """
        query = select(_entries.c.seq, _entries.c.content, _entries.c.checksum).where(self._is_own(_entries))
        with self._errors(), self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_entries.c.seq)).all()
        found: list[Entry] = []
        self._last, self._torn = (0, _FIRST), None
        for number, (seq, content, checksum) in enumerate(rows, start=1):
            if seq != number:
                raise JournalDamaged(f"{self.place}: entry {number} of {self.launch} is missing, and {seq} is there")
            if _checksum(self._last[1], content) != checksum:
                if number == len(rows):
                    self._torn = seq
                    break
                raise JournalDamaged(
                    f"{self.place}: entry {seq} of {self.launch} is not what was written; restore the journal, or "
                    "begin another one: what was sent is then found by its key"
                )
            found.append(Entry(**json.loads(content)))
            self._last = (seq, checksum)
        return found

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or none; they are on disk when this returns.

        `entries` must have been read before.

        Raises:
            LockHeld: The lock that was taken is no longer ours; nothing is written.
            ReleaseError: It cannot be written.
        """
        if not entries:
            return
        with self._errors(), self._engine.begin() as connection:
            self._require_lock(connection)
            seq, checksum = self._last
            if self._torn is not None:
                torn = self._is_own(_entries) & (_entries.c.seq == self._torn)
                connection.execute(delete(_entries).where(torn))
            rows = []
            for entry in entries:
                content = entry.content()
                seq, checksum = seq + 1, _checksum(checksum, content)
                rows.append({"seq": seq, "content": content, "checksum": checksum})
            names = {"account": self.account, "launch": self.launch}
            connection.execute(insert(_entries), [names | row for row in rows])
        self._last, self._torn = (seq, checksum), None

    # ----- the lock

    @contextmanager
    def locked(self, who: str, host: str, pid: int, since: datetime, plan: str) -> Iterator[Lock]:
        """Be the only one who applies plans of this launch.

        Raises:
            LockHeld: Somebody is it already; it says who, and since when.
        """
        lock = self._take(who, host, pid, since, plan)
        try:
            yield lock
        finally:
            self._own = None
            self._remove(lock.id)

    def _take(self, who: str, host: str, pid: int, since: datetime, plan: str) -> Lock:
        parts = (self.account, self.launch, who, host, str(pid), since.isoformat(), plan)
        identity = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:LOCK_DIGITS]
        lock = Lock(identity, self.account, self.launch, who, host, pid, since.isoformat(), plan)
        plain = {"who": who, "host": host, "pid": pid, "since": lock.since, "plan": plan}
        row = {"account": self.account, "launch": self.launch, "id": identity, "content": json.dumps(plain)}
        try:
            with self._errors(), self._engine.begin() as connection:
                connection.execute(insert(_locks), [row])
        except _TakenAlready:
            held = self.lock()
            if held is None:
                raise LockHeld("the lock was held a moment ago; try again") from None
            raise LockHeld(
                f"{held}. If that process is no more, release it with `allocation live unlock {held.id}`"
            ) from None
        self._own = lock
        return lock

    def lock(self) -> Lock | None:
        """Who applies plans of this launch now."""
        with self._errors(), self._engine.connect() as connection:
            row = connection.execute(select(_locks).where(self._is_own(_locks))).first()
        return None if row is None else _lock_of(row)

    def unlock(self, identity: str, who: str, at: datetime) -> Lock:
        """Take a lock away, which only a person may decide; it is written down who did.

        Raises:
            NotFound: There is no such lock.
        """
        held = self.lock()
        if held is None or held.id != identity:
            raise NotFound(
                f"there is no lock {identity!r} of {self.launch} in {self.account}: {held or 'none is held'}"
            )
        self.entries()
        detail: dict[str, Any] = {"lock": str(held), "by": who}
        if self.is_torn:
            # This entry takes the place of the torn one, which must not be forgotten.
            detail["torn"] = True
        self.append([Entry("UNLOCKED", at.isoformat(), held.plan, detail=detail)])
        self._remove(identity)
        return held

    def _remove(self, identity: str) -> None:
        with self._errors(), self._engine.begin() as connection:
            connection.execute(delete(_locks).where(_locks.c.id == identity))

    def _require_lock(self, connection: Connection) -> None:
        """Whoever was unlocked by a person while still running must not go on beside the next one."""
        if self._own is None:
            return
        # On PostgreSQL the row stays ours until the commit.
        held = connection.execute(select(_locks.c.id).where(self._is_own(_locks)).with_for_update()).scalar()
        if held != self._own.id:
            raise LockHeld(f"our {self._own} was taken away; nothing more is sent")

    def _is_own(self, table: Table) -> ColumnElement[bool]:
        """The rows of this launch."""
        return (table.c.account == self.account) & (table.c.launch == self.launch)

    # ----- what is proved of an account

    def proof(self) -> Mapping[str, Any] | None:
        """What was written down of the account's uniqueness; None where nothing was."""
        with self._errors(), self._engine.connect() as connection:
            text = connection.execute(select(_proofs.c.content).where(_proofs.c.account == self.account)).scalar()
        return None if text is None else dict(json.loads(text))

    def write_proof(self, proof: Mapping[str, Any]) -> None:
        """Write it down, in place of an earlier one."""
        with self._errors(), self._engine.begin() as connection:
            connection.execute(delete(_proofs).where(_proofs.c.account == self.account))
            connection.execute(insert(_proofs), [{"account": self.account, "content": json.dumps(dict(proof))}])

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise _TakenAlready(
                f"{self.place}: somebody else wrote there at the same time; nothing was written"
            ) from error
        except SQLAlchemyError as error:
            raise _unusable(self._url, error) from None


class _TakenAlready(ReleaseError):
    """A row of that key is there."""


def _create_tables(engine: Engine) -> None:
    try:
        _tables.create_all(engine)
    except SQLAlchemyError:
        # Two who open a new journal on a server at once both make its tables, and one of them fails.
        _tables.create_all(engine)


def find_lock(place: str | Path, identity: str) -> Lock:
    """The lock of an id, whatever launch it is of.

    Raises:
        NotFound: There is none.
    """
    engine = _engine_of(_url_of(place))
    try:
        _create_tables(engine)
        with engine.connect() as connection:
            row = connection.execute(select(_locks).where(_locks.c.id == identity)).first()
    except SQLAlchemyError as error:
        raise _unusable(_url_of(place), error) from None
    finally:
        engine.dispose()
    if row is None:
        raise NotFound(f"there is no lock {identity!r} in this journal")
    return _lock_of(row)


def _lock_of(row: Row[Any]) -> Lock:
    return Lock(row.id, row.account, row.launch, **json.loads(row.content))


def _unusable(url: URL, error: SQLAlchemyError) -> ReleaseError:
    # The words of a server's driver may hold the address with its password.
    said = str(getattr(error, "orig", "")) if url.get_backend_name() == "sqlite" else ""
    why = f"{type(error).__name__} {said}".rstrip()
    return ReleaseError(f"journal {url.render_as_string(hide_password=True)} cannot be used: {why}")


def _checksum(before: str, content: str) -> str:
    return hashlib.sha256(f"{before}\n{content}".encode()).hexdigest()


def _url_of(place: str | Path) -> URL:
    text = str(place)
    if "://" not in text:
        return URL.create("sqlite", database=None if text == ":memory:" else str(Path(text).expanduser()))
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingError("the journal's address is none; give a file, or postgresql://user@host/database") from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise SettingError(f"a journal is a SQLite file or a PostgreSQL database, not {url.get_backend_name()}")
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _engine_of(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        try:
            # Isolation is that of the database: the lock's row is what two processes meet at.
            return create_engine(url, pool_pre_ping=True)
        except ModuleNotFoundError:
            raise SettingError("a journal in PostgreSQL needs psycopg: pip install 'allocation[postgres]'") from None
    if url.database is None:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": _BUSY_S})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _begin)
    return engine


def _on_connect(connection: Any, _record: object) -> None:
    # A commit is on disk when it returns; transactions begin where we say so.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # At once with the right to write: two writers then wait for each other instead of failing in the middle.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
