"""The desk's database: opened, migrated, and written to by one transaction at a time. ADR-0310."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from data_contracts.errors import SteelyardError
from serving.desk.store.migration import migrate

BUSY_TIMEOUT_SECONDS = 10
WRITER_LOCK = 0x5354454C  # key of the advisory lock that writers of PostgreSQL take
PRIVATE_FILE = 0o600


class DatabaseRefused(SteelyardError):
    """The desk's database cannot be opened."""

    exit_code = 23


@dataclass(frozen=True)
class Database:
    """An open database of the desk, migrated to the newest revision.

    Examples
    --------
    >>> from sqlalchemy import text
    >>> with Database.open("sqlite://").transaction() as session:
    ...     session.execute(text("SELECT count(*) FROM accounts")).scalar()
    0
    """

    engine: Engine
    _thread: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @classmethod
    def open(cls, url: str) -> Database:
        """Open `sqlite:///PATH` or `postgresql+psycopg://...` and migrate it.

        A file of SQLite is made where there is none, readable by its user alone.

        Raises
        ------
        DatabaseRefused
            The URL is none of these, or the database does not answer.
        """
        try:
            place = make_url(url)
        except ArgumentError as error:
            raise DatabaseRefused(f"the database is no URL: {error}") from error
        if place.get_backend_name() == "sqlite":
            engine = _sqlite_engine(place)
        elif place.get_backend_name() == "postgresql":
            engine = _postgresql_engine(place)
        else:
            raise DatabaseRefused(
                f"the desk works on SQLite or PostgreSQL, not {place.get_backend_name()}"
            )
        database = cls(engine)
        try:
            with engine.begin() as connection:
                migrate(connection)
        except (CommandError, RevisionError) as error:
            engine.dispose()
            raise DatabaseRefused(
                f"the database is of another version of the desk: {error}"
            ) from error
        except SQLAlchemyError as error:
            engine.dispose()
            first = (str(error).splitlines() or [""])[0][:200]
            raise DatabaseRefused(
                f"the database {place.render_as_string(hide_password=True)} cannot be used "
                f"({type(error).__name__}: {first})"
            ) from error
        return database

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back whole when an exception leaves it.

        Writers take turns. Within a transaction of the same thread, it is that transaction.
        """
        outer: Session | None = getattr(self._thread, "session", None)
        if outer is not None:
            yield outer
            return
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            self._thread.session = session
            try:
                yield session
            finally:
                self._thread.session = None

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session that only reads, and waits for no writer. What it changes is dropped."""
        outer: Session | None = getattr(self._thread, "session", None)
        if outer is not None:
            yield outer
            return
        engine = self.engine.execution_options(reads_only=True)
        with Session(engine, expire_on_commit=False) as session:
            yield session


def _sqlite_engine(place: URL) -> Engine:
    """An engine on a private file in WAL mode, whose writers wait for one another."""
    path = place.database
    if path and path != ":memory:":
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
            Path(path).chmod(PRIVATE_FILE)
        except OSError as error:
            raise DatabaseRefused(f"the database {path}: {error.strerror}") from error
    engine = create_engine(place, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def _postgresql_engine(place: URL) -> Engine:
    """An engine whose writers take turns by an advisory lock of the transaction."""
    if place.drivername == "postgresql":
        place = place.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(place, pool_pre_ping=True)
    except ImportError as error:
        raise DatabaseRefused(
            "PostgreSQL needs psycopg: pip install 'steelyard[databases]'"
        ) from error

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("reads_only", False):
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})

    return engine
