"""Databases and object storage give the same rows: real servers, started here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import pytest
import sqlalchemy

from data_contracts.intake.map_file import MapProblems
from data_contracts.intake.mapping import Source
from data_contracts.intake.profiling.discovery import PASSWORD_VARIABLE, discover
from data_contracts.intake.sources.relation import ReadSince
from tests.data_contracts.intake.source_rows import AT, FRAME, ORDER, WANTED, rows_of
from tests.data_contracts.servers import SERVER_SECONDS, free_port, postgresql, server


def test_object_storage(tmp_path, monkeypatch):
    """Objects of a real S3-compatible server, by prefix and by glob."""
    port = free_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    with server([sys.executable, "-m", "moto.server", "-p", str(port)], port, tmp_path):
        store = boto3.client("s3")
        store.create_bucket(Bucket="exports")
        body = FRAME.to_csv(index=False).encode("gb18030")
        store.put_object(Bucket="exports", Key="own/orders-1.csv", Body=body)
        store.put_object(Bucket="exports", Key="own/_SUCCESS", Body=b"")
        for path in ("s3://exports/own", "s3://exports/own/orders-*.csv"):
            assert rows_of(tmp_path, Source(path=path, format="csv")) == WANTED
        with pytest.raises(MapProblems, match="no object is there"):
            rows_of(tmp_path, Source(path="s3://exports/other/*.csv", format="csv"))


def _wait_until_ready(engine: sqlalchemy.Engine) -> None:
    """A server listens before it takes connections."""
    end = time.monotonic() + SERVER_SECONDS
    while True:
        try:
            with engine.connect():
                return
        except sqlalchemy.exc.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _fill(url: str) -> None:
    """Make a table of a local time, a moment with a zone, and a stand-in for none."""
    zoned = "timestamptz" if url.startswith("postgresql") else "timestamp null"
    zone = "SET TIME ZONE 'Asia/Shanghai'" if "postgresql" in url else "SET time_zone = '+08:00'"
    engine = sqlalchemy.create_engine(url)
    _wait_until_ready(engine)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(zone))
        connection.execute(
            sqlalchemy.text(
                f"CREATE TABLE orders (id bigint, word varchar(20), zoned {zoned}, "
                "made timestamp, amount decimal(12, 2))".replace(
                    "made timestamp", "made datetime" if "mysql" in url else "made timestamp"
                )
            )
        )
        connection.execute(
            sqlalchemy.text(
                f"INSERT INTO orders VALUES ({ORDER}, '推荐', '{AT}', '{AT}', 19.90), "
                f"({ORDER + 1}, NULL, '{AT}', '{AT}', 5)"
            )
        )
    engine.dispose()


def _check_server(folder: Path, url: str, format_: str) -> None:
    """The rows of a server: zoned times in UTC, local ones as they are, exact decimals."""
    _fill(url.replace("://", "+psycopg://" if "postgresql" in url else "+pymysql://"))
    source = discover([url], folder)[0]["orders"]
    assert source.format == format_
    utc = [(i, w, "2026-01-10 12:00:00") for i, w, _ in WANTED]
    in_utc = "id, word, CAST(zoned AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS happened"
    assert rows_of(folder, source, in_utc) == utc
    assert rows_of(folder, source, "id, word, made AS happened") == WANTED
    assert [r[2] for r in rows_of(folder, source, "id, word, amount AS happened")] == [
        "19.90",
        "5.00",
    ]

    noon = datetime(2026, 1, 10, 12)
    for column, zone in (("zoned", "UTC"), ("made", "Asia/Shanghai")):
        for moment, rows in ((noon, 2), (noon + timedelta(minutes=1), 0)):
            since = ReadSince(moment, column, zone)
            assert len(rows_of(folder, source, "id, word, made AS happened", since)) == rows
    since = ReadSince(noon + timedelta(days=1), "word", "UTC")  # text is not compared
    assert len(rows_of(folder, source, "id, word, made AS happened", since)) == 2


def test_postgresql_server(tmp_path, monkeypatch):
    """A table of a real PostgreSQL server; its password is not in the map."""
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    with postgresql(tmp_path) as port:
        url = f"postgresql://me:secret@127.0.0.1:{port}/postgres"
        _check_server(tmp_path, url, "postgresql")
        assert "secret" not in discover([url], tmp_path)[0]["orders"].path


def test_mysql_server(tmp_path, monkeypatch):
    """A table of a real MariaDB server; TIMESTAMP is a moment, DATETIME a local time."""
    if shutil.which("mariadbd") is None:
        pytest.skip("mariadb-server is not installed (apt-get install mariadb-server)")
    data, port = tmp_path / "data", free_port()
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    user = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", *user],
        check=True,
        capture_output=True,
    )
    command = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--port={port}", *user]
    command += ["--bind-address=127.0.0.1", f"--socket={tmp_path}/s", "--skip-grant-tables"]
    command += ["--skip-networking=0", f"--pid-file={tmp_path}/pid", "--innodb-flush-method=fsync"]
    with server(command, port, tmp_path):
        engine = sqlalchemy.create_engine(f"mysql+pymysql://root:x@127.0.0.1:{port}/mysql")
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE DATABASE shop CHARACTER SET utf8mb4"))
        engine.dispose()
        _check_server(tmp_path, f"mysql://root:x@127.0.0.1:{port}/shop", "mysql")
