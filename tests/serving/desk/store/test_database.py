"""The desk's database on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import importlib
import pkgutil
import stat
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError

from serving.desk.accounts.directory import AccountRefused, NewAccount, add_account, list_accounts
from serving.desk.accounts.logins.sessions import login_of, open_login
from serving.desk.store import once, tables
from serving.desk.store.database import Database, DatabaseRefused
from serving.desk.store.schema import Base
from serving.desk.store.tables.accounts import AccountRow
from tests.data_contracts.servers import postgresql

NOW = datetime(2026, 1, 21, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A PostgreSQL server for this module."""
    with postgresql(tmp_path_factory.mktemp("postgresql")) as port:
        yield f"postgresql+psycopg://me@127.0.0.1:{port}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.sqlite"
    server = request.getfixturevalue("server")
    admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    name = f"desk_{time.monotonic_ns()}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{server}/{name}"


@pytest.fixture
def database(url):
    opened = Database.open(url)
    yield opened
    opened.engine.dispose()


def account(database: Database, name: str = "li") -> AccountRow:
    with database.transaction() as session:
        return add_account(session, NewAccount(name, ["viewer"]), NOW)


def test_migrations_make_the_declared_tables(database):
    """What the migrations made is what the tables declare, column by column."""
    for module in pkgutil.iter_modules(tables.__path__):
        importlib.import_module(f"{tables.__name__}.{module.name}")
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_database_is_migrated_once(url, database):
    """Opening again changes nothing, and eight processes that open at once do not collide."""
    account(database)
    opened: list[Database] = []
    threads = [threading.Thread(target=lambda: opened.append(Database.open(url))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    with opened[0].snapshot() as session:
        assert [a.name for a in list_accounts(session)] == ["li"]
    for one in opened:
        one.engine.dispose()


def test_moments_keep_their_instant(database):
    """A moment of another zone comes back in UTC; one without a zone is refused."""
    row = account(database)
    shanghai = datetime(2026, 1, 21, 12, tzinfo=timezone(timedelta(hours=8)))
    with database.transaction() as session:
        session.get_one(AccountRow, row.id).disabled_at = shanghai
    with database.snapshot() as session:
        found = session.get_one(AccountRow, row.id).disabled_at
    assert found == shanghai and found.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="has no zone"), database.transaction() as session:
        session.get_one(AccountRow, row.id).disabled_at = datetime(2026, 1, 21)
        session.flush()


def test_transaction_is_whole(database):
    """An exception leaves nothing of a transaction and those within; snapshots drop writes."""
    with pytest.raises(ZeroDivisionError), database.transaction():
        account(database, "inner")
        raise ZeroDivisionError
    with database.snapshot() as session:
        add_account(session, NewAccount("dropped", ["viewer"]), NOW)
    with database.snapshot() as session:
        assert list_accounts(session) == []


def test_writers_take_turns(database):
    """Of threads that read, decide and write, none acts on what another just changed."""
    refused = []

    def add() -> None:
        try:
            account(database, "only one")
        except AccountRefused as error:
            refused.append(error.key)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["accounts.name_taken"] * 7


def test_reader_waits_for_no_writer(database):
    """A snapshot opens while another thread writes."""
    account(database)
    seen: list[int] = []

    def read() -> None:
        with database.snapshot() as session:
            seen.append(len(list_accounts(session)))

    with database.transaction() as session:
        add_account(session, NewAccount("second", ["viewer"]), NOW)
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(5)
        assert seen == [1]


def test_once_acts_once(database):
    """Of eight threads that ask to act under one key, one may; then all get its answer."""
    begun: list[once.Begun] = []
    ask = ("owner", "k" * 20, "digest", NOW)
    threads = [
        threading.Thread(target=lambda: begun.append(once.begin(database, *ask))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((b.may_act, b.in_work) for b in begun) == [(False, True)] * 7 + [(True, False)]
    answer = once.Answer(
        303, [(b"location", b"/x"), (b"set-cookie", b"a"), (b"set-cookie", b"b")], b"\x00"
    )
    once.finish(database, *ask[:2], answer)
    assert once.begin(database, *ask).answer == answer
    assert once.begin(database, *ask[:2], "other", NOW).differs
    later = NOW + timedelta(hours=25)
    assert once.begin(database, "owner", "n" * 20, "digest", later).may_act
    assert once.begin(database, *ask[:3], later).may_act  # kept for a day


def test_logins_and_foreign_keys(database):
    """A login session is found by its token; one of no account cannot be stored."""
    row = account(database)
    with database.transaction() as session:
        token, _ = open_login(session, row.id, "browser", NOW)
    assert login_of(database, token, NOW).account.name == "li"
    assert login_of(database, token + "x", NOW) is None
    with pytest.raises(IntegrityError), database.transaction() as session:
        open_login(session, "nobody", "browser", NOW)


def test_newer_database_is_refused(url, database):
    """A database of a newer desk is not touched."""
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    with pytest.raises(DatabaseRefused, match="another version"):
        Database.open(url)


def test_file_of_sqlite_is_private(tmp_path):
    """The file of SQLite is readable by its user alone, also when it was not."""
    path = tmp_path / "desk.sqlite"
    path.touch(0o644)
    database = Database.open(f"sqlite:///{path}")
    with database.transaction() as session:
        add_account(session, NewAccount("li", ["viewer"]), NOW)
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    assert database.engine.connect().execute(select(AccountRow.name)).scalar() == "li"


@pytest.mark.parametrize(
    "url",
    ["mysql://x/y", "no url", "sqlite:////no/such/folder/x.sqlite", "postgresql://127.0.0.1:1/x"],
)
def test_unusable_urls_are_refused(url):
    """A URL that cannot be used is refused in words, without the password."""
    with pytest.raises(DatabaseRefused) as refused:
        Database.open(url.replace("://127", "://me:secret@127"))
    assert "secret" not in str(refused.value)
