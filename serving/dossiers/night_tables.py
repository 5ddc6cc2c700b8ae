"""A published night in an engine of its own: verified and read once, asked by every page.

Tables lie compressed in memory. The engine goes with the night when a newer one takes its place.
See ADR-0320.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from data_contracts.verification.published_run import PublishedRun
from serving.scoring.scope import moment_of, nights_before
from serving.scoring.score_rows import ANOMALY_MODEL

WHOLE_TABLES = (
    *("audit_sample", "corrected_figures", "credit", "false_views", "findings", "mcns", "measures"),
    *("operator_sessions", "ring_members", "rings", "runs", "tier_decisions"),
)
PUBLISHED_LATER = ("ring_links", "ring_operators")  # nights of earlier versions lack them
SIGNAL_KINDS = ("operator", "session")
LAKE_COLUMNS = {  # of delivered tables that pages read often
    "sessions": ("session_id", "operator_id", "room_id", "category", "started_at", "ended_at"),
    "operators": ("operator_id", "kind", "category", "region", "mcn_id", "registered_at"),
    "boosts": ("session_id", "starts_at", "ends_at", "views_bought", "amount"),
    "room_links": ("to_session_id", "from_session_id", "kind", "at", "viewers_sent"),
    "outcomes": ("entity_id", "entity_kind", "typology", "verdict", "decided_at", "source"),
}
ORDER_COLUMNS = "order_id, operator_id, session_id, buyer_id, payer_id, placed_at, paid_amount"
MIN_BUYERS_PER_SHARED_PAYER = 3  # a household has one or two
MAX_OPERATORS_PER_SHARED_PAYER = 50  # a payer of more of them is a public service
HISTORY_COLUMNS = ["operator_id", "date", "risk", "tier", "model_version", "policy_version"]
MAX_HISTORY_NIGHTS = 28
# Operators at which the same payers paid.
PAYERS_SQL = f"""CREATE TABLE night.operator_payers AS
    WITH payers AS (SELECT payer_id FROM night.orders WHERE payer_id IS NOT NULL GROUP BY 1
                    HAVING count(DISTINCT buyer_id) >= {MIN_BUYERS_PER_SHARED_PAYER}
                       AND count(DISTINCT operator_id) <= {MAX_OPERATORS_PER_SHARED_PAYER}),
         used AS (SELECT DISTINCT operator_id, payer_id FROM night.orders
                  SEMI JOIN payers USING (payer_id))
    SELECT a.operator_id, b.operator_id AS other_id, count(*) AS payers
    FROM used a JOIN used b ON a.payer_id = b.payer_id AND a.operator_id <> b.operator_id
    GROUP BY 1, 2 ORDER BY 1"""
# What a dossier asks of each operator, joined once instead of for every page.
OWNERS_SQL = (
    """CREATE TABLE night.operator_boosts AS SELECT s.operator_id, b.* FROM night.boosts b
       JOIN night.sessions s USING (session_id) ORDER BY s.operator_id""",
    """CREATE TABLE night.operator_raids AS
       SELECT s.operator_id, l.*, f.operator_id AS from_operator FROM night.room_links l
       JOIN night.sessions s ON s.session_id = l.to_session_id
       LEFT JOIN night.sessions f ON f.session_id = l.from_session_id ORDER BY s.operator_id""",
    """CREATE TABLE night.operator_cleared AS SELECT owner.operator_id, o.* FROM night.outcomes o
       JOIN (SELECT session_id AS entity_id, operator_id FROM night.sessions
             UNION ALL SELECT order_id, operator_id FROM night.orders
             UNION ALL SELECT operator_id, operator_id FROM night.tier_decisions) owner
       USING (entity_id) WHERE o.verdict = 'cleared' ORDER BY owner.operator_id""",
    """CREATE TABLE night.operator_orders AS
       SELECT operator_id, count(*) AS scored, max(probability) AS highest,
              count(*) FILTER (probability >= 0.5) AS probable
       FROM night.scores WHERE entity_kind = 'order' AND leads AND operator_id IS NOT NULL
       GROUP BY 1 ORDER BY 1""",
    PAYERS_SQL,
)
Row = dict[str, Any]


@dataclass(frozen=True)
class NightTables:
    """One published night.

    Attributes
    ----------
    lake
        The lake.
    date
        The night's date.
    run
        The run, whose files are verified before they are read.
    engine
        Connection that holds the tables; each question gets a cursor of its own.
    derived
        What pages made of the tables, by name, so that it is made once.
    cursors
        The cursor of each thread, because pages are answered in threads.
    """

    lake: Lake
    date: date
    run: PublishedRun
    engine: duckdb.DuckDBPyConnection = field(repr=False)
    derived: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)
    cursors: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @property
    def as_of(self) -> datetime:
        """The moment before which rows of the lake were received."""
        return moment_of(self.date)

    def rows(self, sql: str, *parameters: Any) -> list[Row]:
        """Rows of a query over the night's tables, each by its columns' names."""
        found = self._cursor().execute(sql, list(parameters))
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def first(self, sql: str, *parameters: Any) -> Row | None:
        """The first row of a query; None where there is none."""
        return next(iter(self.rows(sql, *parameters)), None)

    def count(self, sql: str, *parameters: Any) -> int:
        """The one number that a query counts."""
        return int(next(iter(self.rows(sql, *parameters)[0].values())))

    def frame(self, sql: str, *parameters: Any) -> pd.DataFrame:
        """Rows of a query as a frame."""
        return self._cursor().execute(sql, list(parameters)).df()

    def arrow(self, sql: str, *parameters: Any) -> pa.Table:
        """Rows of a query as an Arrow table."""
        return self._cursor().sql(sql, params=list(parameters)).to_arrow_table()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """The cursor of this thread."""
        if not hasattr(self.cursors, "own"):
            self.cursors.own = self.engine.cursor()
            self.cursors.own.execute("USE night")
        return self.cursors.own

    def has(self, table: str) -> bool:
        """Whether the night, or the lake at its moment, has a table."""
        sql = "SELECT table_name FROM duckdb_tables()"
        return table in self.once("tables", lambda: {r["table_name"] for r in self.rows(sql)})

    def once(self, name: str, make: Any) -> Any:
        """The value that `make` returns, made once for this night."""
        with self.lock:
            if name not in self.derived:
                self.derived[name] = make()
            return self.derived[name]


def load_night(
    lake: Lake, night: date, run: PublishedRun, history: list[PublishedRun] | None = None
) -> NightTables:
    """Read a night into an engine. Raises NightRefused where a file is not the published one.

    `history` are the night and those before it; None finds them by the run's manifest.
    """
    engine = connect()
    engine.execute("ATTACH ':memory:' AS night (COMPRESS); USE night")
    tables = NightTables(lake, night, run, engine)
    for name in (*WHOLE_TABLES, *PUBLISHED_LATER):
        _take(engine, name, run.table(name))
    kinds = [("entity_kind", "in", SIGNAL_KINDS)]
    _take(engine, "signals", run.table("signals", filters=kinds), "entity_kind, entity_id, signal")
    _take_lake(engine, lake, tables.as_of)
    _take_scores(engine, run)
    for sql in OWNERS_SQL:
        engine.execute(sql)
    history = [
        d
        for earlier in history or nights_before(lake, run.run_id, MAX_HISTORY_NIGHTS)
        if (d := earlier.table("tier_decisions", columns=HISTORY_COLUMNS)) is not None
    ]
    _take(engine, "history", pa.concat_tables(history), "operator_id, date")
    return tables


def _take(
    engine: duckdb.DuckDBPyConnection, name: str, rows: pa.Table | None, order: str = ""
) -> None:
    """Copy Arrow rows into a table of the engine; nothing where there are none to copy."""
    if rows is None:
        return
    engine.register("incoming", rows)
    sort = f" ORDER BY {order}" if order else ""
    engine.execute(f"CREATE TABLE night.{name} AS SELECT * FROM incoming{sort}")
    engine.unregister("incoming")


def _take_lake(engine: duckdb.DuckDBPyConnection, lake: Lake, as_of: datetime) -> None:
    """Copy what pages often ask of the lake, as known at the night's moment."""
    for name, columns in LAKE_COLUMNS.items():
        picked = ", ".join(f'"{c}"' for c in columns)
        _copy_delivered(engine, lake, as_of, name, picked, columns[0])
    _copy_delivered(engine, lake, as_of, "orders", ORDER_COLUMNS, "operator_id, order_id")


def _copy_delivered(
    engine: duckdb.DuckDBPyConnection, lake: Lake, as_of: datetime, name: str, cols: str, order: str
) -> None:
    """Copy some columns of a delivered table; an empty table where it was not delivered."""
    if lake.files(name):
        source = f"({lake.scan_sql(contract(name), as_of)})"
    else:
        engine.register("incoming", contract(name).arrow_schema().empty_table())
        source = "incoming"
    engine.execute(f"CREATE TABLE night.{name} AS SELECT {cols} FROM {source} ORDER BY {order}")


def _take_scores(engine: duckdb.DuckDBPyConnection, run: PublishedRun) -> None:
    """Copy scores with the operator of each entity, and whether its model leads decisions.

    The anomaly score leads where no model was asked.
    """
    rows = run.table("scores")
    if rows is None:
        rows = contract("scores").arrow_schema().empty_table()
    engine.register("incoming", rows)
    engine.execute(f"""
        CREATE TABLE night.scores AS
        SELECT i.* EXCLUDE (run_id, as_of),
               CASE i.entity_kind WHEN 'operator' THEN i.entity_id
                    WHEN 'session' THEN s.operator_id WHEN 'order' THEN o.operator_id
               END AS operator_id,
               i.model <> '{ANOMALY_MODEL}' OR i.entity_kind NOT IN
                 (SELECT entity_kind FROM incoming WHERE model <> '{ANOMALY_MODEL}') AS leads
        FROM incoming i
        LEFT JOIN night.sessions s ON i.entity_kind = 'session' AND s.session_id = i.entity_id
        LEFT JOIN night.orders o ON i.entity_kind = 'order' AND o.order_id = i.entity_id
        ORDER BY i.entity_kind, operator_id, i.rank
    """)
    engine.unregister("incoming")
