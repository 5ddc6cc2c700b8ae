"""Truth of a town in the common form of the families."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa

from data_contracts.parquet import write_file
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    HOSTILE_SCHEMES,
    ORDER_SCHEMES,
    ROOM_SCHEMES,
)
from simulation.families.own_truth import delivered, session_totals
from simulation.identifiers import make_ids

SIDES = {
    "cheats_views": ("views", ROOM_SCHEMES),
    "cheats_engagement": ("interactions", ROOM_SCHEMES),
    "cheats_orders": ("orders", ORDER_SCHEMES),
}
MOMENT = {"views": "joined_at", "interactions": "at", "orders": "placed_at"}


@dataclass(frozen=True)
class FalseRows:
    """Delivered false rows, as in the lake, with the name of their scheme."""

    views: pa.Table
    interactions: pa.Table
    orders: pa.Table


def write_truth(town: Town, lake: Path, truth: Path, false: FalseRows) -> None:
    """Write the truth of what was delivered."""
    frames = {name: table.to_pandas() for name, table in vars(false).items()}
    views, acts, orders = frames["views"], frames["interactions"], frames["orders"]
    sessions = delivered(lake, "sessions", ["session_id", "operator_id"])
    operators = _operators(town, sessions, frames)
    rival = {p["operator"]: p["rival"] for p in town.plans if p["rival"] >= 0}
    payer = dict(zip(_operator_ids(list(rival)), _operator_ids(list(rival.values())), strict=True))
    hostile = orders["scheme"].isin(HOSTILE_SCHEMES)
    beneficiary = orders["operator_id"].where(~hostile, orders["operator_id"].map(payer))
    orders = orders.assign(false=True, beneficiary_id=beneficiary)
    marks = sorted(town.marks)
    tables = {
        "sessions": session_totals(lake, sessions, views, acts, orders),
        "orders": orders[["order_id", "false", "scheme", "beneficiary_id"]],
        "operators": operators,
        "views": views[["session_id", "account_id", "device_id", "joined_at", "scheme"]],
        "interactions": acts[["session_id", "account_id", "at", "kind", "count", "scheme"]],
        "accounts": _accounts(town),
        "lookalikes": pd.DataFrame(
            {
                "operator_id": _operator_ids([m[0] for m in marks]),
                "session_id": make_ids("session", np.array([m[1] for m in marks])).to_pylist(),
                "tag": [m[2] for m in marks],
            }
        ),
    }
    text = ["session_id", "account_id", "device_id", "scheme", "beneficiary_id", "kind"]
    for name, frame in tables.items():
        frame = frame.astype({c: "string" for c in text if c in frame.columns})
        write_file(truth / f"{name}.parquet", pa.Table.from_pandas(frame, preserve_index=False))


def _operator_ids(numbers: list[int]) -> list[str]:
    return make_ids("operator", np.array(numbers, dtype=np.int64)).to_pylist()


def _accounts(town: Town) -> pd.DataFrame:
    """Accounts that false rows were made with."""
    used: set[int] = set()
    for rows, column in ((town.views, "account"), (town.interactions, "account")):
        used |= set(_false(rows.joined(), column))
    used |= set(_false(town.orders.joined(), "buyer"))
    kinds = {one: town.account_kind.get(one, "crowd") for one in sorted(used)}
    ids = make_ids("account", np.array(list(kinds), dtype=np.int64)).to_pylist()
    return pd.DataFrame({"account_id": ids, "kind": list(kinds.values())})


def _false(rows: SimpleNamespace, column: str) -> list[int]:
    values: np.ndarray = vars(rows)[column]
    return np.unique(values[rows.scheme > 0]).tolist()


def _operators(town: Town, sessions: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A row for every operator; one whose plan left no delivered row is honest."""
    owner = sessions.drop_duplicates("session_id").set_index("session_id")["operator_id"]
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "operator_id": f["session_id"].map(owner),
                    "scheme": f["scheme"],
                    "at": f[MOMENT[name]],
                    "table": name,
                }
            )
            for name, f in frames.items()
        ],
        ignore_index=True,
    ).dropna(subset=["operator_id"])
    attack = rows["scheme"].isin(HOSTILE_SCHEMES)
    own, hostile = rows[~attack], rows[attack]
    ids = _operator_ids(list(range(len(town.operators.fame))))
    out = pd.DataFrame({"operator_id": ids})
    joined = own.groupby("operator_id")["scheme"].agg(lambda x: "+".join(sorted(set(x))))
    out["scheme"] = joined.reindex(ids).to_numpy(dtype=object)
    for side, (table, schemes) in SIDES.items():
        guilty = own[(own["table"] == table) & own["scheme"].isin(schemes)]
        out[side] = out["operator_id"].isin(guilty["operator_id"])
    cheats = out[list(SIDES)].any(axis=1)
    first = own.groupby("operator_id")["at"].min()
    first_hostile = hostile.groupby("operator_id")["at"].min()
    out["role"] = np.where(cheats, "cheat", "honest")
    out["first_at"] = pd.to_datetime(first.reindex(ids).to_numpy())
    for plan in town.plans:
        victim = _operator_ids([plan["operator"]])[0]
        if plan["rival"] < 0 or victim not in first_hostile.index:
            continue
        for one, role in ((plan["operator"], "victim"), (plan["rival"], "rival")):
            out.loc[one, ["role", "first_at"]] = [role, first_hostile[victim]]
        out.loc[plan["rival"], "scheme"] = plan["scheme"]
    out["scheme"] = out["scheme"].fillna("")
    out["first_at"] = out["first_at"].astype("datetime64[us]")
    return out
