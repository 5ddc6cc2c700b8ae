"""Corrected figures: what was counted, how much of it is held to be real, and how certain that is.

A figure of a session has false parts or it has none. So what is said of its true value is a mixture: as counted with one
probability, less with the other. The interval leaves out 5 % on either side; where nothing (or everything) being false is itself probable,
its end lies on that atom and it holds the truth more often than 90 %, which `certainty` says. Views follow from the attribution of
single views and from brushers who watch before they order, orders from their own probabilities. Of likes, follows and mere
counters only the suspicious share is known: the largest excess over peers of those signals that measure a share of that
figure and lie beyond their alarm.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from serving.scoring.entity_scores import Peers

TAIL = 0.05  # probability that an interval leaves out on either side
COLUMNS = [
    "entity_kind",
    "entity_id",
    "measure",
    "unit",
    "counted",
    "estimate",
    "low",
    "high",
    "certainty",
    "basis",
]
MEASURES = {
    "views": "share of views",
    "unique_viewers": "share of views",
    "likes": "share of likes",
    "follows": "share of follows",
}

ENGAGEMENTS = (
    "likes",
    "comments",
    "follows",
)  # what a scheme may inflate one of without the others


def suspicious_share(signals: pd.DataFrame, peers: Peers, unit: str) -> pd.Series:
    """Largest excess over peers among a session's alarming signals of a unit, 0 where none alarms."""
    best = pd.Series(0.0, index=signals.index)
    for name in signals.columns:
        s = BY_NAME[name]
        if (
            s.unit not in (unit, unit.replace("views", "joins"))
            or s.alarm is None
            or s.direction <= 0
        ):
            continue
        x = signals[name]
        usual = pd.Series([peers.of(e, name) or 0.0 for e in signals.index], index=signals.index)
        best = np.maximum(best, (x - usual).where(x >= s.alarm, 0.0).fillna(0.0))
    return best.clip(0.0, 1.0)


def share_of(probability: pd.Series, suspicious: pd.Series) -> pd.DataFrame:
    """False share of a figure that is false at all with some probability: index as given; share, low, high, certainty.

    Where it is, the share lies anywhere between the suspicious one and everything: signals measure what stands out, and from
    nothing measured nothing is known. Everything is never left out of the interval: follows that are false are mostly all there are.
    """
    q, least = probability.to_numpy(dtype=float), suspicious.to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = np.where(q > 1.0 - TAIL, least + (1.0 - least) * (TAIL - (1.0 - q)) / q, 0.0)
    upper = np.where(q > TAIL, 1.0, 0.0)
    certainty = np.where(q <= TAIL, 1.0 - q, np.where(q <= 1.0 - TAIL, 1.0, 1.0 - TAIL))
    certainty = np.where(np.isnan(q), np.nan, certainty)
    return pd.DataFrame(
        {"share": q * (least + 1.0) / 2.0, "low": lower, "high": upper, "certainty": certainty},
        index=probability.index,
    )


def session_figures(
    signals: pd.DataFrame,
    counted: pd.DataFrame,
    probability: pd.Series,
    peers: Peers,
    shares: pd.DataFrame | None = None,
    watched: pd.DataFrame | None = None,
    engagement: pd.Series | None = None,
) -> pd.DataFrame:
    """Views, unique viewers, likes and follows of sessions.

    `counted`: index session, columns of measures and `basis`. `shares`: attributed false shares of views by session (share, low,
    high, certainty, and `viewers`, that of viewers over it), where views were attributed. `watched`: views by session that false orders bring (`watched_orders`).
    `engagement`: probability of each session that its likes, comments or follows are inflated (None: as of any inflation). Where no
    signal of a figure stands out, it may be one of the other two that is false: a third of it counts. Where no model gave a
    probability, nothing is taken away and `certainty` is unknown.
    """
    p = probability.reindex(counted.index)
    engaged = p if engagement is None else engagement.reindex(counted.index)
    parts = []
    for measure, unit in MEASURES.items():
        if measure not in counted:
            continue
        value = counted[measure]
        suspicious = suspicious_share(signals.reindex(counted.index), peers, unit)
        suspicious = suspicious.where(
            counted["basis"] != "counters", 0.0
        )  # counters alone attribute nothing: as much as may be
        if unit == "share of views":
            false = share_of(p, suspicious)
        else:
            false = share_of(engaged.where(suspicious > 0, engaged / len(ENGAGEMENTS)), suspicious)
        if unit == "share of views":
            if shares is not None:
                false = _attributed(shares.reindex(counted.index), measure).combine_first(false)
            if watched is not None:
                false = _with_watched(
                    false, watched[watched["measure"] == measure].set_index("session_id"), value
                )
        known = false["certainty"].notna()
        false = false.where(known, 0.0)
        estimate = value * (1.0 - false["share"])
        parts.append(
            pd.DataFrame(
                {
                    "entity_kind": "session",
                    "entity_id": counted.index,
                    "measure": measure,
                    "unit": "count",
                    "counted": value,
                    "estimate": estimate,
                    "low": np.minimum(value * (1.0 - false["high"]), estimate),
                    "high": np.maximum(value * (1.0 - false["low"]), estimate),
                    "certainty": false["certainty"].where(known),
                    "basis": counted["basis"],
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return frame[frame["counted"].notna()]


def _attributed(shares: pd.DataFrame, measure: str) -> pd.DataFrame:
    """False shares of views or of viewers from attributed ones, certain of both alike."""
    of = shares["viewers"].astype(float) if measure == "unique_viewers" else 1.0
    ends = shares[["share", "low", "high"]].astype(float).mul(of, axis=0).clip(upper=1.0)
    return ends.assign(certainty=shares["certainty"].astype(float))


def _with_watched(false: pd.DataFrame, watched: pd.DataFrame, counted: pd.Series) -> pd.DataFrame:
    """False shares with the views that false orders bring added, as if no view were false for both reasons; certain of both at once."""
    more = watched.drop(columns="measure").reindex(false.index).astype(float)
    added = {
        c: (more[c] / counted.where(counted > 0)).fillna(0.0) for c in ("share", "low", "high")
    }
    out = {c: (false[c] + part).clip(upper=1.0) for c, part in added.items()}
    return pd.DataFrame(
        out | {"certainty": false["certainty"] * more["certainty"].fillna(1.0)}, index=false.index
    )


def shared_fate(value: pd.DataFrame, probability: np.ndarray, key: pd.Series) -> pd.DataFrame:
    """False amounts of orders that share their fate, by key: index key; for each column of `value` its expected, least and most false
    amount (`NAME share`, `NAME low`, `NAME high`), and `certainty`.

    Orders of one session are not independent (one brusher, one lucky bag). Their fates are taken for comonotone, the widest
    there is: one draw decides, and those with a probability above it are false. The interval takes the draws from 5 % to 95 %, and
    what other draws give amounts within it counts for its certainty.
    """
    some, sure = probability > TAIL, probability > 1.0 - TAIL
    columns: dict[str, np.ndarray] = {}
    for name in value.columns:
        v = value[name].to_numpy(dtype=float)
        columns |= {
            f"{name} share": v * probability,
            f"{name} low": v * sure,
            f"{name} high": v * some,
        }
    columns |= {
        "beyond": np.where(some, 0.0, probability),
        "under": np.where(sure, probability, 1.0),
    }
    grouped = pd.DataFrame(columns).groupby(key.to_numpy())
    out = grouped[[c for c in columns if c not in ("beyond", "under")]].sum()
    return out.assign(certainty=grouped["under"].min() - grouped["beyond"].max())


def order_figures(
    orders: pd.DataFrame, probability: pd.Series, kind: str, key: str
) -> pd.DataFrame:
    """Orders and net sales by session or operator. `orders`: index order id; session_id, operator_id, paid_amount, refunded (bool)."""
    p = probability.reindex(orders.index)
    amount = orders["paid_amount"].where(~orders["refunded"], 0.0).astype(float)
    parts = []
    for measure, unit, value in (
        ("orders", "count", pd.Series(1.0, index=orders.index)),
        ("net_sales", "CNY", amount),
    ):
        rows = (orders[key].notna() & np.isfinite(value)).to_numpy()
        if not rows.any():
            continue
        names = orders.loc[rows, key]
        false = shared_fate(value[rows].to_frame("x"), p[rows].fillna(0.0).to_numpy(), names)
        counted = value[rows].groupby(names.to_numpy()).sum()
        scored = p[rows].notna().groupby(names.to_numpy()).any()
        parts.append(
            pd.DataFrame(
                {
                    "entity_kind": kind,
                    "entity_id": counted.index,
                    "measure": measure,
                    "unit": unit,
                    "counted": counted.to_numpy(),
                    "estimate": (counted - false["x share"]).to_numpy(),
                    "low": (counted - np.maximum(false["x high"], false["x share"])).to_numpy(),
                    "high": (counted - np.minimum(false["x low"], false["x share"])).to_numpy(),
                    "certainty": false["certainty"].where(scored).to_numpy(),
                    "basis": "events",
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def brushers(orders: pd.DataFrame, probability: pd.Series) -> pd.Series:
    """Probability of the most suspicious order of each buyer in each session: index (session_id, buyer_id). `orders`: also order_id."""
    p = orders["order_id"].map(probability)
    known = orders.assign(p=p)[p.notna().to_numpy()]
    return known.groupby(["session_id", "buyer_id"])["p"].max()


def watched_orders(seen: pd.DataFrame, probability: pd.Series) -> pd.DataFrame:
    """Views and viewers that false orders bring: columns session_id, measure, share, low, high (in views or viewers), certainty.

    `seen`: order_id, session_id, buyer_id and `views`, how often the buyer watched that session. Brushers watch before they
    order, and what they watched is as false as the order; a buyer of several orders counts once, by the most suspicious.
    """
    watched = seen.drop_duplicates(["session_id", "buyer_id"]).set_index(
        ["session_id", "buyer_id"]
    )["views"]
    one = brushers(seen, probability).rename("p").to_frame().join(watched).reset_index()
    if one.empty:
        return pd.DataFrame(columns=["session_id", "measure", "share", "low", "high", "certainty"])
    value = pd.DataFrame({"views": one["views"].astype(float), "unique_viewers": 1.0})
    false = (
        shared_fate(value, one["p"].to_numpy(dtype=float), one["session_id"])
        .rename_axis("session_id")
        .reset_index()
    )
    parts = []
    for m in value.columns:
        part = false[["session_id", f"{m} share", f"{m} low", f"{m} high", "certainty"]]
        parts.append(
            part.set_axis(["session_id", "share", "low", "high", "certainty"], axis=1).assign(
                measure=m
            )
        )
    return pd.concat(parts, ignore_index=True)
