"""The same tables on Spark, for platforms too large for one machine.

Spark is an extra: `pip install 'steelyard[spark]'`.
"""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime
from typing import Any

import ibis
from pyspark.sql import SparkSession

from data_contracts.contract import Contract, contract, inbound_names
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import good_row
from data_contracts.storage.repeated_keys import key_window, repeats_a_key
from features.engine.snapshot import Snapshot
from features.engine.tables import EVENTS, LOOKBACK


def session() -> Any:
    """A local Spark session in UTC that reads timestamps as Ibis expects them."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        SparkSession.builder.master("local[2]")
        .appName("steelyard")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.inferTimestampNTZ.enabled", "false")
        .config("spark.sql.shuffle.partitions", "8")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.ansi.enabled", "true")
        .getOrCreate()
    )


def spark_condition(table: Contract) -> str:
    """The contract's condition for good rows in Spark's dialect.

    Spark has other quotes and another test for finite numbers.
    """
    sql = good_row(table)
    sql = re.sub(
        r'isfinite\("(\w+)"\)', r"(NOT isnan(`\1`) AND abs(`\1`) < double('Infinity'))", sql
    )
    return re.sub(r'"(\w+)"', r"`\1`", sql)


SPARK_TYPE = {"VARCHAR": "STRING", "VARCHAR[]": "ARRAY<STRING>"}


def spark_snapshot(lake: LakeOrFolder, as_of: datetime, spark: Any) -> Snapshot:
    """The good rows known at `as_of`, on Spark; the twin of `Snapshot.open`."""
    lake = Lake.open(lake)
    connection = ibis.pyspark.connect(spark)
    tables = {}
    for name in inbound_names():
        files = lake.files(name)
        if not files:
            continue
        table = contract(name)
        typed = ", ".join(
            f"CAST(`{c.name}` AS {SPARK_TYPE.get(c.type, c.type)}) AS `{c.name}`"
            for c in table.columns
        )
        frame = spark.read.parquet(*map(str, files))
        frame.createOrReplaceTempView(f"raw_{name}")
        cut = f"`{table.received}` < TIMESTAMP '{as_of.isoformat(sep=' ')}'"
        if name in EVENTS:
            cut += f" AND `{table.received}` >= TIMESTAMP '{(as_of - LOOKBACK).isoformat(sep=' ')}'"
        rows = (
            f"SELECT * FROM (SELECT {typed} FROM raw_{name}) "
            f"WHERE {spark_condition(table)} AND {cut}"
        )
        if repeats_a_key(table, files):
            window = key_window(table).replace('"', "`")
            named = ", ".join(f"`{c.name}`" for c in table.columns)
            rows = (
                f"SELECT {named} FROM (SELECT *, row_number() OVER {window} AS place "
                f"FROM ({rows})) WHERE place = 1"
            )
        known = spark.sql(rows)
        known.createOrReplaceTempView(name)
        tables[name] = connection.table(name)
    return Snapshot(tables, as_of)
