"""Files, workbooks and table formats give the same rows, whatever their bytes."""

from __future__ import annotations

import sqlite3

import deltalake
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from data_contracts.intake.map_file import MapProblems
from data_contracts.intake.mapping import Source
from data_contracts.intake.profiling.discovery import discover
from data_contracts.intake.sources.relation import REJECTED, ReadContext
from data_contracts.intake.sources.staging import open_sources
from data_contracts.parquet import connect
from tests.data_contracts.intake.source_rows import FRAME, WANTED, rows_of

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
    deltalake.write_deltalake(str(tmp_path / "t"), pa.Table.from_pandas(FRAME.head(1)))
    deltalake.write_deltalake(str(tmp_path / "t"), pa.Table.from_pandas(FRAME), mode="overwrite")
    assert rows_of(tmp_path, Source(path="t", format="delta")) == WANTED
    assert discover(["t"], tmp_path)[0]["t"].format == "delta"


def test_iceberg_table(tmp_path):
    """The newest snapshot of an Iceberg table, by its folder."""
    catalog = SqlCatalog(
        "c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}/house"
    )
    catalog.create_namespace("n")
    rows = pa.Table.from_pandas(FRAME)
    catalog.create_table("n.t", rows.schema, location=f"file://{tmp_path}/t").append(rows)
    assert rows_of(tmp_path, Source(path="t", format="iceberg")) == WANTED
    assert discover(["t"], tmp_path)[0]["t"].format == "iceberg"


@pytest.mark.parametrize(
    ("name", "format_", "header", "head", "tail"),
    [
        ("t.csv", "csv", "id,text\n", "1,", "\n"),
        ("t.json", "json", "", '{"id": 1, "text": "', '"}\n'),
    ],
)
def test_memory_does_not_follow_the_size_of_a_file(tmp_path, name, format_, header, head, tail):
    """A file that is larger than the engine's memory is read."""
    line = head + "x" * 4_000 + tail
    with (tmp_path / name).open("w") as handle:
        handle.write(header)
        handle.writelines([line] * 75_000)
    with connect("256MB") as connection:
        open_sources(
            ReadContext(connection, tmp_path, tmp_path / "work"),
            {"s": Source(path=name, format=format_)},
        )
        assert connection.execute("SELECT count(*) FROM s").fetchone() == (75_000,)
