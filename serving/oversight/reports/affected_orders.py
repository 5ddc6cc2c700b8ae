"""Open orders that a measure affects, which the platform looks after (Order 117 Art. 23)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.measures.state import MCN, OPERATOR, Measure
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.subjects import read_affiliations
from serving.oversight.whole_tables import whole_tables

COLUMNS = (
    "order_id",
    "operator_id",
    "session_id",
    "buyer_id",
    "placed_at",
    "paid_at",
    "paid_amount",
)
COMPLETIONS = {"parcels": "signed_at", "refunds": "refunded_at"}


class NoSuchMeasure(SteelyardError):
    """A measure that is asked about is not in the record."""

    exit_code = 10


def affected_orders(folder: LakeOrFolder, measure_id: str | None, now: datetime) -> pd.DataFrame:
    """Orders of a measure's subject that are paid, and neither signed for nor refunded.

    Parameters
    ----------
    folder, measure_id
        The lake, and the measure; None for all measures in force.
    now
        What was received before this moment is known.

    Returns
    -------
    pandas.DataFrame
        Measure, and `COLUMNS` as far as delivered, oldest payment first. Where neither parcels nor
        refunds are delivered, every paid order is open: that it was completed is not known.

    Raises
    ------
    NoSuchMeasure
        No measure has this id.
    """
    lake = Lake.open(folder)
    state = read_measures(lake)
    if measure_id is not None and measure_id not in state.measures:
        raise NoSuchMeasure(f"there is no measure {measure_id}; see: steelyard measure list {lake}")
    wanted = state.in_force(now) if measure_id is None else [state.measures[measure_id]]
    if not lake.files("orders") or not wanted:
        return pd.DataFrame(columns=["measure_id", *COLUMNS])
    with whole_tables(lake, ("orders", *COMPLETIONS), now) as tables:
        completed = _completed(tables)
        found = [_open_orders(tables, lake, m, completed) for m in wanted]
    return pd.concat(found, ignore_index=True)


def _open_orders(
    tables: dict[str, Any], lake: Lake, measure: Measure, completed: set[str]
) -> pd.DataFrame:
    column, ids = _scope(lake, measure)
    o = tables["orders"]
    mine = o.filter(o[column].isin(ids) & o.paid_at.notnull()).to_pandas()
    left = mine[~mine["order_id"].isin(completed)].assign(measure_id=measure.measure_id)
    kept = ["measure_id", *(c for c in COLUMNS if c in left.columns)]
    return left.sort_values(["paid_at", "order_id"], ignore_index=True)[kept]


def _completed(tables: dict[str, Any]) -> set[str]:
    """Orders that were signed for or refunded."""
    completed: set[str] = set()
    for name, moment in COMPLETIONS.items():
        if name in tables:
            t = tables[name]
            completed |= set(t.filter(t[moment].notnull()).order_id.to_pandas())
    return completed


def _scope(lake: Lake, measure: Measure) -> tuple[str, list[str]]:
    """The column of orders, and its values, by which a measure's subject is known."""
    if measure.subject_kind == OPERATOR:
        return "operator_id", [measure.subject_id]
    if measure.subject_kind == MCN:
        networks = read_affiliations(lake).mcn_of
        return "operator_id", [o for o, mcn in networks.items() if mcn == measure.subject_id]
    sessions = read_affiliations(lake, [measure.subject_id]).streamers_of_session
    return "session_id", sorted({session for _, session in sessions})
