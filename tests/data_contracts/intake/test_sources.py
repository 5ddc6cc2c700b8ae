"""Every kind of source gives the same rows: files, workbooks, databases, table formats, storage."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_contracts.intake.conversion.macros import create_macros
from data_contracts.intake.map_file import MapProblems
from data_contracts.intake.mapping import Source
from data_contracts.intake.profiling.discovery import PASSWORD_VARIABLE, discover
from data_contracts.intake.sources.relation import REJECTED, ReadContext
from data_contracts.intake.sources.staging import open_sources
from data_contracts.parquet import connect

ORDER = 6_921_234_567_890_123_457
AT = "2026-01-10 20:00:00"
FRAME = pd.DataFrame({"id": [ORDER, ORDER + 1], "word": ["推荐", None], "happened": [AT, AT]})
WANTED = [(str(ORDER), "推荐", AT), (str(ORDER + 1), None, AT)]
SERVER_SECONDS = 60


def rows_of(folder: Path, source: Source, sql: str = "id, word, happened") -> list[tuple]:
    """Rows of a source as text, with a trailing zone or fraction cut off its times."""
    with connect() as connection:
        create_macros(connection)
        context = ReadContext(connection, folder, folder / "work")
        open_sources(context, {"s": source})
        return connection.execute(
            f"SELECT CAST(id AS VARCHAR), word, left(CAST(happened AS VARCHAR), 19) "
            f"FROM (SELECT {sql}, __row FROM s) ORDER BY __row"
        ).fetchall()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def server(command: list[str], port: int, folder: Path, **environment: str) -> Iterator[None]:
    """Run a server until its port answers."""
    with (folder / "server.log").open("wb") as log:
        running = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ | environment, cwd=folder
        )
        try:
            end = time.monotonic() + SERVER_SECONDS
            while time.monotonic() < end:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert running.poll() is None, (folder / "server.log").read_text()[-2000:]
                time.sleep(0.1)
            yield
        finally:
            running.terminate()
            running.wait(20)


TEXTS = {
    "plain.csv": ("utf-8", ","),
    "gbk.csv": ("gb18030", ","),
    "utf16.tsv": ("utf-16", "\t"),
    "mark.csv": ("utf-8-sig", ";"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_in_any_encoding(tmp_path, name):
    """Encoding and delimiter are found from the bytes."""
    encoding, delimiter = TEXTS[name]
    FRAME.to_csv(tmp_path / name, index=False, encoding=encoding, sep=delimiter)
    assert rows_of(tmp_path, Source(path=name, format="csv")) == WANTED


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.zip"])
def test_packed_text(tmp_path, name):
    """Text is unpacked on the way."""
    FRAME.to_csv(tmp_path / name, index=False, encoding="gb18030")
    assert rows_of(tmp_path, Source(path=name, format="csv")) == WANTED


def test_bytes_of_another_encoding_are_located(tmp_path):
    """Bytes that are not of the named encoding stop the file, with line and bytes."""
    (tmp_path / "t.csv").write_bytes(b"id,word,at\n1,a,b\n2,\xff\xfe,b\n")
    with pytest.raises(MapProblems, match=r"t\.csv.*bytes ff.*line 3.*name its encoding"):
        rows_of(tmp_path, Source(path="t.csv", format="csv", encoding="gb18030"))


def test_rows_that_cannot_be_cut_are_numbered(tmp_path):
    """Broken lines are set aside by number, and the rows after them keep theirs."""
    text = "id,word,at\n1,a,x\n2,a\n3,a,x\n4,a,x,y\n5,a,x\n"
    (tmp_path / "t.csv").write_text(text)
    with connect() as connection:
        open_sources(
            ReadContext(connection, tmp_path, tmp_path / "work"),
            {"s": Source(path="t.csv", format="csv")},
        )
        assert connection.execute("SELECT id, __row FROM s ORDER BY 2").fetchall() == [
            ("1", 1),
            ("3", 3),
            ("5", 5),
        ]
        assert connection.execute(
            f'SELECT "row", reason FROM {REJECTED} ORDER BY 1'
        ).fetchall() == [
            (2, "missing_columns"),
            (4, "too_many_columns"),
        ]


@pytest.mark.parametrize("array", [False, True])
def test_json_lines_and_arrays(tmp_path, array):
    """Long integers keep their digits, as lines and as an array."""
    text = FRAME.to_json(orient="records", lines=not array, force_ascii=False)
    (tmp_path / "t.json").write_text(text, "utf-8")
    assert rows_of(tmp_path, Source(path="t.json", format="json")) == WANTED


def test_parquet_folders_pass_over_leftovers(tmp_path):
    """Folders of days become a column; what writers left behind is passed over and said."""
    for day in ("2026-01-10", "2026-01-11"):
        part = tmp_path / "t" / f"day={day}"
        part.mkdir(parents=True)
        pq.write_table(pa.Table.from_pandas(FRAME), part / "part-0.parquet")
        (part / ".part-0.parquet.crc").write_text("x")
    (tmp_path / "t" / "_temporary").mkdir()
    (tmp_path / "t" / "_temporary" / "part-1.parquet").write_text("half")
    (tmp_path / "t" / "_SUCCESS").write_text("")
    # the two parts have the same bytes, so the second is the first delivered twice
    with connect() as connection:
        opened = open_sources(
            ReadContext(connection, tmp_path, tmp_path / "work"),
            {"s": Source(path="t", format="parquet")},
        )["s"]
        assert connection.execute("SELECT DISTINCT day FROM s").fetchall() == [("2026-01-10",)]
    said = " ".join(opened.passed_over)
    assert said.count("left behind") == 4 and "same bytes" in said


def test_torn_parquet_files_are_all_named(tmp_path):
    """Every file without a footer is named at once."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.parquet").write_text(f"half {name}")
    with pytest.raises(MapProblems, match=r"a\.parquet, b\.parquet.*deliver these files again"):
        rows_of(tmp_path, Source(path="*.parquet", format="parquet"))


def test_workbook_with_a_title(tmp_path):
    """Lines above the header are passed over, ids in text keep their digits."""
    frame = FRAME.assign(id=FRAME["id"].astype(str), happened=pd.to_datetime(FRAME["happened"]))
    frame.to_excel(tmp_path / "t.xlsx", index=False, startrow=2, engine="openpyxl")
    assert rows_of(tmp_path, Source(path="t.xlsx", format="excel")) == WANTED


def test_database_files(tmp_path):
    """Tables of SQLite and DuckDB files."""
    with sqlite3.connect(tmp_path / "t.db") as connection:
        FRAME.to_sql("t", connection, index=False)
    connection.close()
    with duckdb.connect(str(tmp_path / "t.duckdb")) as database:
        database.register("frame", pa.Table.from_pandas(FRAME))
        database.execute("CREATE TABLE t AS FROM frame")
    for path, format_ in (("t.db", "sqlite"), ("t.duckdb", "duckdb")):
        assert rows_of(tmp_path, Source(path=path, format=format_, table="t")) == WANTED
        assert discover([path], tmp_path)[0]["t"].format == format_


def test_delta_table(tmp_path):
    """The newest version of a Delta table."""
    deltalake = pytest.importorskip("deltalake")
    deltalake.write_deltalake(str(tmp_path / "t"), pa.Table.from_pandas(FRAME.head(1)))
    deltalake.write_deltalake(str(tmp_path / "t"), pa.Table.from_pandas(FRAME), mode="overwrite")
    assert rows_of(tmp_path, Source(path="t", format="delta")) == WANTED
    assert discover(["t"], tmp_path)[0]["t"].format == "delta"


def test_iceberg_table(tmp_path):
    """The newest snapshot of an Iceberg table, by its folder."""
    sql = pytest.importorskip("pyiceberg.catalog.sql")
    catalog = sql.SqlCatalog(
        "c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}/house"
    )
    catalog.create_namespace("n")
    rows = pa.Table.from_pandas(FRAME)
    catalog.create_table("n.t", rows.schema, location=f"file://{tmp_path}/t").append(rows)
    assert rows_of(tmp_path, Source(path="t", format="iceberg")) == WANTED
    assert discover(["t"], tmp_path)[0]["t"].format == "iceberg"


def test_object_storage(tmp_path, monkeypatch):
    """Objects of a real S3-compatible server, by prefix and by glob."""
    pytest.importorskip("moto", reason="moto is not installed")
    boto3 = pytest.importorskip("boto3")
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


def _fill(url: str) -> None:
    """Make a table of a local time, a moment with a zone, and a stand-in for none."""
    import sqlalchemy

    zoned = "timestamptz" if url.startswith("postgresql") else "timestamp null"
    zone = "SET TIME ZONE 'Asia/Shanghai'" if "postgresql" in url else "SET time_zone = '+08:00'"
    engine = sqlalchemy.create_engine(url)
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


def test_postgresql_server(tmp_path, monkeypatch):
    """A table of a real PostgreSQL server; its password is not in the map."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not places:
        pytest.skip("postgresql is not installed (apt-get install postgresql)")
    pytest.importorskip("psycopg")
    data, port = tmp_path / "data", free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        place = Path("/tmp") / f"steelyard-postgres-{port}"
        place.mkdir()
        shutil.chown(place, "postgres", "postgres")
        data = place / "data"
    try:
        subprocess.run(
            [
                *as_user,
                str(places[-1] / "initdb"),
                "-A",
                "trust",
                "-U",
                "me",
                "-N",
                "-D",
                str(data),
            ],
            check=True,
            capture_output=True,
            cwd="/tmp",
        )
        command = [*as_user, str(places[-1] / "postgres"), "-D", str(data), "-p", str(port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}"]
        monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
        with server(command, port, tmp_path):
            url = f"postgresql://me:secret@127.0.0.1:{port}/postgres"
            _check_server(tmp_path, url, "postgresql")
            assert "secret" not in discover([url], tmp_path)[0]["orders"].path
    finally:
        shutil.rmtree(data.parent if as_user else data, ignore_errors=True)


def test_mysql_server(tmp_path, monkeypatch):
    """A table of a real MariaDB server; TIMESTAMP is a moment, DATETIME a local time."""
    if shutil.which("mariadbd") is None:
        pytest.skip("mariadb-server is not installed (apt-get install mariadb-server)")
    pytest.importorskip("pymysql")
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
        import sqlalchemy

        engine = sqlalchemy.create_engine(f"mysql+pymysql://root:x@127.0.0.1:{port}/mysql")
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE DATABASE shop CHARACTER SET utf8mb4"))
        engine.dispose()
        _check_server(tmp_path, f"mysql://root:x@127.0.0.1:{port}/shop", "mysql")
