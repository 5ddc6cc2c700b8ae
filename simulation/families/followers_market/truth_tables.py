"""What is true of one market, and what patrols find of it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.families.delivery import write_truth
from simulation.families.followers_market.market import LIKE, NEW_FOLLOW, Market
from simulation.families.followers_market.parameters import (
    CODE,
    DAY,
    ENGAGEMENT_SCHEMES,
    SCHEMES,
)
from simulation.families.followers_market.tables import LakeWriter
from simulation.families.verdict_draws import draw_verdicts
from simulation.identifiers import take_labels

HOSTILE = (CODE["hostile_brushing"], CODE["hostile_rating"])


@dataclasses.dataclass
class Truth:
    """Counts by session, delivered orders, and first false act, sides and schemes by host."""

    sessions: pd.DataFrame
    orders: pd.DataFrame
    hosts: pd.DataFrame


def _sum(frame: pd.DataFrame, value: str, sessions: int) -> np.ndarray:
    by = frame[frame["session"] >= 0].groupby("session")[value].sum()
    return by.reindex(np.arange(sessions), fill_value=0).to_numpy().astype(np.int64)


def count_truth(market: Market, w: LakeWriter, orders: pd.DataFrame) -> Truth:
    """Count what was delivered and what of it is false."""
    s, n = market.sessions, len(market.sessions)
    views, acts = w.views.assign(count=1), w.acts
    trade = orders.assign(count=1)
    table = {"host": s.host, "ended": s.end}
    for name, frame in (
        ("views", views),
        ("likes", acts[acts["kind"] == LIKE]),
        ("follows", acts[acts["kind"] == NEW_FOLLOW]),
        ("orders", trade),
    ):
        table[name] = _sum(frame, "count", n)
        table[f"false_{name}"] = _sum(frame[frame["scheme"] > 0], "count", n)
    pieces = []
    for frame, at, side in (
        (views, "join", "views"),
        (acts, "at", "engagement"),
        (trade, "placed", "orders"),
    ):
        false = frame[(frame["scheme"] > 0)].rename(columns={at: "first"})
        pieces.append(false[["session", "scheme", "first"]].assign(side=side))
        if side == "orders":
            pieces[-1]["host"] = frame.loc[false.index, "host"].to_numpy()
        else:
            pieces[-1]["host"] = np.where(false["session"] >= 0, s.host[false["session"]], -1)
    false = pd.concat(pieces, ignore_index=True)
    # views of a follow ring are its means: what it inflates is follows, and views as well
    named = false[false["session"] >= 0].groupby("session")["scheme"].unique()
    named = named.reindex(np.arange(n))
    table["scheme"] = np.array(
        ["+".join(SCHEMES[k] for k in sorted(x)) if np.ndim(x) else "" for x in named], object
    )
    own = false[(false["host"] >= 0) & ~false["scheme"].isin(HOSTILE)]
    hosts = pd.DataFrame({"host": np.arange(len(market.hosts))})
    hosts["first"] = own.groupby("host")["first"].min().reindex(hosts["host"]).to_numpy()
    for side in ("views", "engagement", "orders"):
        hosts[side] = np.isin(hosts["host"], own.loc[own["side"] == side, "host"])
    schemes = own.groupby("host")["scheme"].unique().reindex(hosts["host"])
    hosts["scheme"] = [
        "+".join(SCHEMES[k] for k in sorted(x)) if np.ndim(x) else "" for x in schemes
    ]
    return Truth(pd.DataFrame(table), orders, hosts)


def write_truths(market: Market, w: LakeWriter, true: Truth, folder: Path) -> None:
    """Write every table of the truth."""
    s, h, o = true.sessions, true.hosts, true.orders
    columns = {
        "session_id": w.id("session", np.arange(len(s))),
        "operator_id": w.id("operator", s["host"]),
        "scheme": pa.array(s["scheme"], pa.string()),
    }
    for measure in ("views", "likes", "follows", "orders"):
        columns |= {k: pa.array(s[k]) for k in (measure, f"false_{measure}")}
    write_truth(folder, "sessions", columns)
    o = o[o["scheme"] > 0]
    columns = {
        "order_id": w.id("order", o.index),
        "false": pa.array(np.ones(len(o), bool)),
        "scheme": take_labels(list(SCHEMES), o["scheme"]),
        "beneficiary_id": w.id("operator", o["beneficiary"]),
    }
    write_truth(folder, "orders", columns)
    cheats = h[["views", "engagement", "orders"]].any(axis=1).to_numpy()
    victims = np.isin(h["host"], market.hosts.rival_of)
    rivals = market.hosts.rival_of >= 0
    role = np.select([cheats, rivals, victims], ["cheat", "rival", "victim"], "honest")
    columns = {
        "operator_id": w.id("operator", h["host"]),
        "scheme": pa.array(h["scheme"], pa.string()),
        "role": pa.array(role.tolist()),
        **{f"cheats_{k}": pa.array(h[k]) for k in ("views", "engagement", "orders")},
        "first_at": w.time(h["first"].to_numpy(dtype=float)),
    }
    write_truth(folder, "operators", columns)
    used: list[np.ndarray] = [o["buyer"].to_numpy()]
    for name, frame, known in (
        ("views", w.views, w.view_columns),
        ("interactions", w.acts, w.act_columns),
    ):
        false = (frame["scheme"] > 0).to_numpy()
        scheme = take_labels(list(SCHEMES), frame["scheme"].to_numpy()[false])
        columns = {k: x.filter(pa.array(false)) for k, x in known.items() if k != "text_hash"}
        write_truth(folder, name, columns | {"scheme": scheme})
        used.append(frame["account"].to_numpy()[false])
    fakers = set(np.unique(np.concatenate(used)).tolist())
    kinds = {a: k for a, k in sorted(market.resource_kind.items()) if a in fakers}
    columns = {
        "account_id": w.id("account", np.array(list(kinds), dtype=np.int64)),
        "kind": pa.array(list(kinds.values()), pa.string()),
    }
    write_truth(folder, "accounts", columns)
    host, session, tag = zip(*sorted(set(market.tags)), strict=True)
    columns = {
        "operator_id": w.id("operator", np.array(host)),
        "session_id": w.id("session", np.array(session)),
        "tag": pa.array(list(tag)),
    }
    write_truth(folder, "lookalikes", columns)
    world = json.dumps(dataclasses.asdict(market.p), indent=1, sort_keys=True)
    (folder / "world.json").write_text(world + "\n", encoding="utf-8")


def judge(market: Market, true: Truth) -> pd.DataFrame:
    """Draw verdicts about sessions, orders or operators, as this market works."""
    tables = {"session": _sessions, "order": _orders, "operator": _operators}
    pool = pd.concat([tables[k](market, true) for k in market.p.verdict_kinds], ignore_index=True)
    size = pool.groupby("entity_kind")["entity"].transform("size").to_numpy()
    keep = market.r.random(len(pool)) < 1_500 / np.maximum(size, 1_500)
    pool = pool[keep].reset_index(drop=True)
    return draw_verdicts(market.r, market.p.verdicts, pool, market.p.until)


def _sessions(market: Market, true: Truth) -> pd.DataFrame:
    """Sessions: a patrol sees rooms that do better than they use to, by any counter."""
    s, r = true.sessions, market.r
    oddity = r.normal(0, 0.5, len(s))
    for measure in ("views", "likes", "follows", "orders"):
        level = np.log1p(s[measure])
        oddity += 0.6 * np.abs(level - level.groupby(s["host"]).transform("median"))
    by_views = s["false_views"] >= np.maximum(0.1 * s["views"], 3)
    likes = s["false_likes"] >= np.maximum(0.2 * s["likes"], 3)
    acts = likes | (s["false_follows"] >= np.maximum(0.2 * s["follows"], 3))
    said = s["scheme"].str.contains("|".join(ENGAGEMENT_SCHEMES))
    engaged = (acts & ~by_views) | (~by_views & ~acts & (said | (r.random(len(s)) < 0.2)))
    return pd.DataFrame(
        {
            "entity_kind": "session",
            "entity": np.arange(len(s)),
            "typology": np.where(engaged, "engagement_fraud", "view_fraud"),
            "false": np.where(engaged, acts, by_views),
            "oddity": oddity,
            "ended": s["ended"],
        }
    )


def _orders(market: Market, true: Truth) -> pd.DataFrame:
    o = true.orders
    pair = o.groupby(["host", "buyer"])["placed"].transform("size")
    hostile = o["scheme"].isin(HOSTILE)
    return pd.DataFrame(
        {
            "entity_kind": "order",
            "entity": o.index,
            "typology": np.where(hostile, "hostile_brushing", "order_fraud"),
            "false": o["scheme"] > 0,
            "oddity": np.log(pair) + o["refund_after"].notna() + market.r.normal(0, 0.8, len(o)),
            "ended": o["placed"] + DAY,
        }
    )


def _operators(market: Market, true: Truth) -> pd.DataFrame:
    h, r, p = true.hosts, market.r, market.p
    rate = true.sessions.groupby("host")[["views", "likes", "follows", "orders"]].mean()
    spread = np.log1p(rate).rank(pct=True).max(axis=1).reindex(h["host"], fill_value=0).to_numpy()
    looked_at = p.start + r.uniform(0.3, 1.0, len(h)) * p.days * DAY
    side = np.where(
        h["views"], "view_fraud", np.where(h["engagement"], "engagement_fraud", "order_fraud")
    )
    return pd.DataFrame(
        {
            "entity_kind": "operator",
            "entity": h["host"],
            "typology": side,
            "false": (h["first"] < looked_at).to_numpy(),
            "oddity": spread + r.normal(0, 0.3, len(h)),
            "ended": looked_at,
        }
    )
