"""Truth of the two older simulators in the common form of the families."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import write_file
from simulation.schemes import ORDER_SCHEMES, TYPOLOGY

VIEW_KEY = ["session_id", "account_id", "device_id", "joined_at"]
INTERACTION_KEY = ["session_id", "account_id", "at", "kind", "count"]
HOSTILE = "hostile_brushing"
MEASURES = ("views", "likes", "follows", "orders")
SIDE_OF_TYPOLOGY = {
    "view_fraud": "cheats_views",
    "engagement_fraud": "cheats_engagement",
    "order_fraud": "cheats_orders",
}


def write_common_truth(lake: Path, raw: Path, truth: Path) -> None:
    """Convert the truth of `write_world` or `write_platform` to the common form.

    A false row is one that was delivered. The look-in of a hired buyer is no false view, since
    it serves the order.

    Parameters
    ----------
    lake : Path
        Folder of the delivered lake; totals are counted in it.
    raw : Path
        Truth in the form of the simulators.
    truth : Path
        Folder of the truth in the common form.
    """
    sessions = delivered(lake, "sessions").drop_duplicates("session_id")
    bought = set(ORDER_SCHEMES) | {HOSTILE}
    views, acts = _read(raw, "views"), _read(raw, "interactions")
    views = _delivered_only(lake, "views", views[~views["scheme"].isin(bought)], VIEW_KEY)
    acts = _delivered_only(
        lake, "interactions", acts[~acts["scheme"].isin(bought)], INTERACTION_KEY
    )
    orders = _false_orders(lake, _read(raw, "orders"))
    planted = _read(raw, "sessions")
    operators = _operator_roles(lake, planted, _starts(views, acts, orders))
    accounts = _read(raw, "accounts").assign(kind="bot")
    used = set(views["account_id"]) | set(acts["account_id"]) | set(orders["buyer_id"])
    accounts = accounts[accounts["account_id"].isin(used)]
    marks = _read(raw, "lookalikes").rename(columns={"lookalike": "tag"}).assign(session_id=None)
    tables = {
        "sessions": session_totals(lake, sessions, views, acts, orders),
        "orders": orders[["order_id", "false", "scheme", "beneficiary_id"]],
        "operators": operators,
        "views": views[[*VIEW_KEY, "scheme"]],
        "interactions": acts[[*INTERACTION_KEY, "scheme"]],
        "accounts": accounts[["account_id", "kind"]],
        "lookalikes": marks[["operator_id", "session_id", "tag"]].astype({"session_id": "string"}),
    }
    for name, frame in tables.items():
        write_file(truth / f"{name}.parquet", pa.Table.from_pandas(frame, preserve_index=False))


def delivered(lake: Path, name: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Delivered rows of a table; empty with all columns where the table is absent."""
    columns = [c.name for c in contract(name).columns] if columns is None else columns
    files = Lake(lake).files(name)
    if not files:
        return contract(name).arrow_schema().empty_table().select(columns).to_pandas()
    parts = [pq.ParquetFile(p).read(columns=columns) for p in files]
    return pa.concat_tables(parts).to_pandas()


def _read(raw: Path, name: str) -> pd.DataFrame:
    single = raw / f"{name}.parquet"
    files = [single] if single.exists() else sorted((raw / name).glob("*.parquet"))
    return pa.concat_tables([pq.read_table(p) for p in files]).to_pandas()


def _delivered_only(lake: Path, name: str, false: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """False rows that are in the lake, as often as they are there at most."""
    rows = delivered(lake, name, key)
    rows = rows[rows["session_id"].isin(false["session_id"])]
    numbered = [f.assign(turn=f.groupby(key, dropna=False).cumcount()) for f in (false, rows)]
    return numbered[0].merge(numbered[1], on=[*key, "turn"])


def _false_orders(lake: Path, false: pd.DataFrame) -> pd.DataFrame:
    rows = delivered(lake, "orders", ["order_id", "session_id", "buyer_id", "placed_at"])
    return false.merge(rows.drop_duplicates("order_id"), on="order_id").assign(false=True)


def _starts(views: pd.DataFrame, acts: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """First moment of each scheme in each session."""
    parts = [
        frame.rename(columns={at: "first_at"})[["session_id", "scheme", "first_at"]]
        for frame, at in ((views, "joined_at"), (acts, "at"), (orders, "placed_at"))
    ]
    starts = pd.concat(parts).groupby(["session_id", "scheme"], as_index=False)["first_at"].min()
    return starts


def _operator_roles(lake: Path, planted: pd.DataFrame, starts: pd.DataFrame) -> pd.DataFrame:
    """A row for every operator: role, schemes and the sides that it falsifies.

    An operator whose plan left no delivered row is honest.
    """
    runs = planted.drop_duplicates(["session_id", "scheme", "beneficiary_id"])
    runs = runs.merge(starts, on=["session_id", "scheme"])
    runs = runs.assign(side=runs["scheme"].map(TYPOLOGY).map(SIDE_OF_TYPOLOGY))
    owner = delivered(lake, "sessions", ["session_id", "operator_id"])
    owner = owner.drop_duplicates("session_id").set_index("session_id")["operator_id"]
    hostile = runs["scheme"] == HOSTILE
    cheats, attacks = runs[~hostile], runs[hostile]
    victims = attacks.assign(beneficiary_id=attacks["session_id"].map(owner))
    ids = np.sort(delivered(lake, "operators", ["operator_id"])["operator_id"].unique())
    out = pd.DataFrame({"operator_id": ids})
    by_operator = runs.groupby("beneficiary_id")["scheme"]
    joined = by_operator.agg(lambda names: "+".join(sorted(set(names))))
    out["scheme"] = joined.reindex(ids).fillna("").to_numpy(dtype=object)
    out["role"] = np.select(
        [
            out["operator_id"].isin(cheats["beneficiary_id"]),
            out["operator_id"].isin(attacks["beneficiary_id"]),
            out["operator_id"].isin(victims["beneficiary_id"]),
        ],
        ["cheat", "rival", "victim"],
        "honest",
    )
    for side in SIDE_OF_TYPOLOGY.values():
        guilty = cheats.loc[cheats["side"] == side, "beneficiary_id"]
        out[side] = out["operator_id"].isin(guilty)
    first = pd.concat([runs, victims]).groupby("beneficiary_id")["first_at"].min()
    out["first_at"] = pd.to_datetime(first.reindex(ids).to_numpy()).astype("datetime64[us]")
    return out


def session_totals(
    lake: Path,
    sessions: pd.DataFrame,
    views: pd.DataFrame,
    acts: pd.DataFrame,
    orders: pd.DataFrame,
) -> pd.DataFrame:
    """A row for every session: delivered totals, the false of them, and their schemes.

    Parameters
    ----------
    lake : Path
        Folder of the delivered lake; totals are counted in it.
    sessions : DataFrame
        Delivered sessions: session_id and operator_id.
    views, acts, orders : DataFrame
        Delivered false rows with session_id and scheme; `acts` with kind and count.

    Returns
    -------
    DataFrame
        Sessions of the truth in the common form, one row each.
    """
    all_acts = delivered(lake, "interactions", ["session_id", "kind", "count"])
    totals = _counts(
        delivered(lake, "views", ["session_id"]),
        all_acts,
        delivered(lake, "orders", ["session_id"]),
    )
    false = _counts(views, acts, orders)
    schemes = pd.concat([f[["session_id", "scheme"]] for f in (views, acts, orders)])
    joined = schemes.drop_duplicates().groupby("session_id")["scheme"]
    out = sessions[["session_id", "operator_id"]].sort_values("session_id", ignore_index=True)
    out["scheme"] = (
        out["session_id"].map(joined.agg(lambda names: "+".join(sorted(names)))).fillna("")
    )
    for measure in MEASURES:
        for column, counts in ((measure, totals), (f"false_{measure}", false)):
            out[column] = out["session_id"].map(counts[measure]).fillna(0).astype("int64")
    return out


def _counts(views: pd.DataFrame, acts: pd.DataFrame, orders: pd.DataFrame) -> dict[str, pd.Series]:
    """Views, likes, follows and orders by session."""
    likes, follows = (acts[acts["kind"] == kind] for kind in ("like", "follow"))
    return {
        "views": views["session_id"].value_counts(),
        "likes": likes.groupby("session_id")["count"].sum(),
        "follows": follows.groupby("session_id")["count"].sum(),
        "orders": orders["session_id"].value_counts(),
    }
