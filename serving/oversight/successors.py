"""Successors: new operators that share payers, devices, addresses or streamers with a barred one.

Order 117 Art. 14 asks that evasion by new accounts is prevented. Customers and streamers are shared
by honest operators too, so a share is compared with that of all other operators (ADR-0293).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from scipy.stats import binom

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from serving.oversight.findings import UNMAPPED, finding_frame, finding_id
from serving.oversight.measures.state import OPERATOR, Measure, MeasureState
from serving.policy.schema import FindingPolicy

ORDER_KEYS = {"payer": "payer_id", "device": "device_id", "address": "address_id"}
STREAMER = "streamer"
MIN_SHARED_THINGS = 3  # payers, devices or addresses; a household has one or two


@dataclass(frozen=True)
class Succession:
    """A new operator, the barred one that it seems to continue, and what both share.

    `shared` holds for each kind its number, the new operator's total, the share among other
    operators, and the probability of as many by chance.
    """

    operator_id: str
    barred: Measure
    shared: dict[str, dict[str, float]]

    @property
    def p_value(self) -> float:
        """The smallest probability of its kinds, times their number."""
        kinds = (*ORDER_KEYS, STREAMER)
        return min(1.0, len(kinds) * min(s["p_value"] for s in self.shared.values()))


def barred_operators(taken: MeasureState, at: datetime, policy: FindingPolicy) -> list[Measure]:
    """The first measure in force that bars each operator from starting again."""
    found: dict[str, Measure] = {}
    for m in taken.in_force(at):
        if m.subject_kind == OPERATOR and m.code in policy.barring_codes:
            found.setdefault(m.subject_id, m)
    return list(found.values())


def successors(
    lake: Lake, as_of: datetime, barred: Iterable[Measure], policy: FindingPolicy
) -> list[Succession]:
    """Operators that began after another was barred and share more with it than chance explains."""
    by_id = {m.subject_id: m for m in barred}
    if not by_id:
        return []
    first_seen = _first_seen(lake, as_of)
    counts = [_shared_keys(lake, as_of, kind, by_id) for kind in (*ORDER_KEYS, STREAMER)]
    rows = pd.concat([c for c in counts if len(c)] or [pd.DataFrame()])
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for (kind, old), group in rows.groupby(["kind", "barred"]) if len(rows) else ():
        started = group["operator_id"].map(first_seen)
        is_new = (started >= by_id[old].taken_at).to_numpy(dtype=bool)
        peers = group[~is_new]
        rate = (peers["shared"].sum() + 1.0) / (peers["keys"].sum() + 2.0)
        for r in group[is_new].itertuples(index=False):
            p = float(binom.sf(r.shared - 1, r.keys, rate))
            needed = 1 if kind == STREAMER else MIN_SHARED_THINGS
            if r.shared >= needed and p <= policy.successor_p_value:
                share = {"shared": int(r.shared), "of": int(r.keys), "peers": rate, "p_value": p}
                found.setdefault((r.operator_id, old), {})[kind] = share
    return [Succession(new, by_id[old], shared) for (new, old), shared in sorted(found.items())]


def successor_findings(found: list[Succession], article: str = UNMAPPED) -> pd.DataFrame:
    """Operators that seem to continue a barred one; `value` is the number of things shared."""
    rows = []
    for one in found:
        evidence = {"measure_id": one.barred.measure_id, "code": one.barred.code} | one.shared
        value = float(sum(s["shared"] for s in one.shared.values()))
        barred, since = one.barred.subject_id, pd.Timestamp(one.barred.taken_at)
        name = "evasion_by_successor"
        row_id = finding_id(name, one.operator_id, barred)
        rows.append(
            [
                *(row_id, name, one.operator_id, barred, value, None),
                *(one.p_value, since, article, evidence),
            ]
        )
    return finding_frame(rows)


def _shared_keys(
    lake: Lake, as_of: datetime, kind: str, barred: dict[str, Measure]
) -> pd.DataFrame:
    """Keys of each operator, and how many of them a barred one had: kind, barred, operator_id."""
    table = "sessions" if kind == STREAMER else "orders"
    if not lake.files(table):
        return pd.DataFrame()
    column = "unnest(streamer_ids)" if kind == STREAMER else ORDER_KEYS[kind]
    sql = f"""
        WITH keys AS (SELECT DISTINCT operator_id, key FROM (
                          SELECT operator_id, {column} AS key
                          FROM ({lake.scan_sql(contract(table), as_of)}))
                      WHERE key IS NOT NULL),
             old AS (SELECT operator_id AS barred, key FROM keys
                     WHERE list_contains($1, operator_id)),
             counts AS (SELECT operator_id, count(*) AS keys FROM keys GROUP BY 1),
             shared AS (SELECT barred, keys.operator_id, count(*) AS shared
                        FROM keys JOIN old USING (key) GROUP BY 1, 2)
        SELECT '{kind}' AS kind, b.barred, c.operator_id, c.keys, coalesce(s.shared, 0) AS shared
        FROM (SELECT DISTINCT barred FROM old) AS b CROSS JOIN counts AS c
        LEFT JOIN shared AS s ON s.barred = b.barred AND s.operator_id = c.operator_id
        WHERE c.operator_id <> b.barred ORDER BY 2, 3
    """
    return _frame(sql, sorted(barred))


def _first_seen(lake: Lake, as_of: datetime) -> dict[str, pd.Timestamp]:
    """The moment at which each operator was registered, or else did something first."""
    times = (("sessions", "started_at"), ("orders", "placed_at"))
    parts = [
        f"SELECT operator_id, min({column}) AS moment "
        f"FROM ({lake.scan_sql(contract(table), as_of)}) GROUP BY 1"
        for table, column in times
        if lake.files(table)
    ]
    acts = _frame(
        f"SELECT operator_id, min(moment) AS moment FROM ({' UNION ALL '.join(parts)}) GROUP BY 1"
    )
    seen = acts.set_index("operator_id")["moment"]
    if lake.files("operators"):
        scan = lake.scan_sql(contract("operators"), as_of)
        sql = f"SELECT operator_id, min(registered_at) AS moment FROM ({scan}) GROUP BY 1"
        registered = _frame(sql).set_index("operator_id")["moment"].dropna()
        seen = registered.combine_first(seen)
    return {str(k): v for k, v in seen.items()}


def _frame(sql: str, *parameters: Any) -> pd.DataFrame:
    with connect() as connection:
        return connection.execute(sql, list(parameters)).df()
