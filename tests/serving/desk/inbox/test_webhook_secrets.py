"""Secrets of webhooks at rest: no file of the desk shows them, and old rows are encrypted too."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import text

from data_contracts.errors import LakeProblem
from serving.desk.accounts.account import Account
from serving.desk.inbox.webhook_delivery import deliver_due
from serving.desk.inbox.webhook_secrets import seal_plain_secrets, secret_of
from serving.desk.inbox.webhook_targets import add_target, list_deliveries, list_targets, ping
from serving.desk.store.database import Database
from serving.desk.web.server import open_desk

ROOT = Account("1" * 32, "root", ("administrator",), "en")
ADDRESS = "https://127.0.0.1/hook"
PLAIN = "5ec2e7" * 10 + "abcd"


@pytest.fixture(autouse=True)
def server_key(tmp_path, monkeypatch):
    """A key of the server outside the lake."""
    path = tmp_path / "keys" / "desk.key"
    monkeypatch.setenv("STEELYARD_DESK_KEY", str(path))
    return path


def files_with(folder, words: str) -> list[str]:
    """Files of a folder that contain some words, in any place."""
    files = [f for f in folder.iterdir() if f.is_file()]
    return [f.name for f in files if words.encode() in f.read_bytes()]


def test_no_file_has_the_secret_in_plain(desk, tmp_path):
    """The secret is shown once and signs; the database has it encrypted for its row alone."""
    made, other = (add_target(desk, ADDRESS, ["appeal.decided"], ROOT) for _ in range(2))
    assert files_with(tmp_path, made.secret) == [] == files_with(tmp_path, other.secret)
    with desk.database.snapshot() as session:
        one, two = sorted(list_targets(session), key=lambda t: t.id != made.id)
        assert secret_of(desk.lake, one) == made.secret and one.secret == ""
        one.sealed_secret = two.sealed_secret
        assert secret_of(desk.lake, one) is None


def test_old_rows_are_encrypted_when_a_desk_opens(desk, tmp_path, server_key):
    """A row of revision 0003 is migrated: it signs as before, and its plain secret is gone."""
    url = f"sqlite:///{tmp_path}/old.sqlite"
    Database.open(url).engine.dispose()
    with sqlite3.connect(tmp_path / "old.sqlite") as old:
        old.execute("ALTER TABLE webhook_targets DROP COLUMN sealed_secret")
        old.execute("UPDATE alembic_version SET version_num = '0003' WHERE version_num = '0004'")
        row = ("t1", ADDRESS, "[]", PLAIN, "root", "2026-01-20 04:00:00")
        old.execute(
            "INSERT INTO webhook_targets (id, url, kinds, secret, made_by, made_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
    old.close()
    assert files_with(tmp_path, PLAIN)
    opened = open_desk(desk.lake.root, url)
    with opened.database.snapshot() as session:
        (target,) = list_targets(session)
        assert secret_of(opened.lake, target) == PLAIN and target.secret == ""
    assert files_with(tmp_path, PLAIN) == [] and server_key.exists()
    assert seal_plain_secrets(opened.lake, opened.database) == 0
    with opened.database.engine.connect() as connection:
        heads = set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
    assert heads == {"0002", "0004"}
    opened.database.engine.dispose()


def test_another_key_sends_nothing_and_says_so(desk, server_key):
    """With another key of the server no event is signed: it waits, and the page says why."""
    made = add_target(desk, ADDRESS, ["appeal.decided"], ROOT)
    with desk.database.transaction() as session:
        ping(session, made.id, desk.clock())
    server_key.unlink()
    sent = []
    assert deliver_due(desk, lambda *a: sent.append(a) or 200) == 0 and sent == []
    with desk.database.snapshot() as session:
        ((row, _),) = list_deliveries(session)
    assert "key of the server" in row.last_error and row.delivered_at is None


def test_key_in_the_lake_is_refused(desk, monkeypatch):
    """A copy of the lake would carry the key with the database."""
    monkeypatch.setenv("STEELYARD_DESK_KEY", str(desk.lake.root / "desk.key"))
    with pytest.raises(LakeProblem, match="lies in the lake"):
        add_target(desk, ADDRESS, ["appeal.decided"], ROOT)
