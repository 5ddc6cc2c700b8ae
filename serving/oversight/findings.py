"""Findings beside inflation: traffic to known risks, removed bad reviews, networks of operators.

Each cites the articles in force on the date of its night.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from scipy.stats import binom

from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from serving.oversight.measures.state import OPERATOR, boost_effect
from serving.oversight.measures.state_reading import read_measures
from serving.policy.case_policy import FindingPolicy
from serving.policy.schema import Policy
from serving.scoring.scope import nights_before

UNMAPPED = "platform rules"  # what is cited where no article in force is mapped
COLUMNS = [
    "finding_id",
    "duty",
    "operator_id",
    "other_id",
    "value",
    "peers",
    "p_value",
    "known_since",
    "article",
    "evidence",
]


def known_risk(
    tables: Snapshot,
    lake: Lake,
    before: str | None,
    as_of: datetime,
    policy: Policy,
) -> pd.Series:
    """Operator → the moment since which its risk is publicly known.

    That is its first notice, measure in force that touches boosts, or end of a night that put it
    into tier D. Only the days that the policy counts are read. A night whose
    accusation an appeal found wrong does not count.
    """
    taken = read_measures(lake, as_of)
    measures = [
        m
        for m in taken.in_force(as_of)
        if m.subject_kind == OPERATOR and boost_effect(m.code, policy) != "none"
    ]
    policy_days = policy.findings.known_days
    since = pd.Timestamp(as_of) - timedelta(days=policy_days)
    parts = []
    if measures:
        rows = [(m.subject_id, pd.Timestamp(m.taken_at)) for m in measures]
        parts.append(pd.DataFrame(rows, columns=["operator_id", "at"]))
    if "notices" in tables:
        n = tables["notices"].select("operator_id", "at").to_pandas()
        parts.append(n[n["at"] >= since])
    for run in nights_before(lake, before, policy_days):
        end = pd.Timestamp(run.rows("runs", columns=["as_of"])["as_of"].iloc[0])
        if end < since:
            break
        d = run.rows("tier_decisions", columns=["operator_id", "tier"])
        voided = [o for o in d["operator_id"] if taken.clears(o, end.to_pydatetime(), as_of)]
        d = d[~d["operator_id"].isin(voided)]
        parts.append(d.loc[d["tier"] == "D", ["operator_id"]].assign(at=end))
    known = (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame({"operator_id": [], "at": []})
    )
    return known.groupby("operator_id")["at"].min()


def finding_id(*parts: object) -> str:
    """Id of a finding, from what it is about."""
    return "f" + hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:12]


def traffic_to_known_risk(
    tables: Snapshot, known: pd.Series, since: datetime, article: str = UNMAPPED
) -> pd.DataFrame:
    """Viewers that an operator sent to another whose risk was known.

    Traffic before the notice does not count. `article`: what is cited.
    """
    if known.empty or not {"room_links", "sessions"} <= set(tables):
        return pd.DataFrame(columns=COLUMNS)
    s = tables["sessions"]
    links = tables["room_links"].join(
        s.select(from_session_id="session_id", sender="operator_id"), "from_session_id"
    )
    links = links.join(
        s.select(to_session_id="session_id", receiver="operator_id"), "to_session_id"
    )
    frame = links.select(
        "sender", "receiver", "at", "kind", "viewers_sent", "from_session_id", "to_session_id"
    ).to_pandas()
    frame = frame[
        (frame["sender"] != frame["receiver"])
        & frame["receiver"].isin(known.index)
        & (frame["at"] >= since)
    ]
    frame = frame[frame["at"] > frame["receiver"].map(known)]
    rows = []
    for (sender, receiver), g in frame.sort_values("at").groupby(["sender", "receiver"]):
        evidence = {
            "links": [
                {
                    "from": r.from_session_id,
                    "to": r.to_session_id,
                    "kind": r.kind,
                    "at": r.at.isoformat(),
                }
                for r in g.itertuples(index=False)
            ]
        }
        sent = float(g["viewers_sent"].astype(float).fillna(0).sum())
        rows.append(
            [
                finding_id("16(4)", sender, receiver),
                "traffic_to_known_risk",
                sender,
                receiver,
                sent,
                None,
                None,
                known[receiver],
                article,
                evidence,
            ]
        )
    return finding_frame(rows)


def review_suppression(
    tables: Snapshot, policy: FindingPolicy, article: str = UNMAPPED
) -> pd.DataFrame:
    """Operators that removed more bad reviews than the rate of their category explains.

    Only removals by the operator count. The test is binomial and one-sided; the rate leaves the
    operator itself out. Operators without a category are compared with all.
    """
    if not {"reviews", "orders"} <= set(tables):
        return pd.DataFrame(columns=COLUMNS)
    r = tables["reviews"].join(tables["orders"].select("order_id", "operator_id"), "order_id")
    r = r.filter(r.rating <= policy.bad_stars)
    hidden = r.removed_at.notnull() & (r.removed_by == "operator")
    got = (
        r.group_by("operator_id")
        .aggregate(bad=r.count(), hidden=hidden.sum())
        .to_pandas()
        .set_index("operator_id")
    )
    got = got.fillna(0).astype(int)
    category = pd.Series("all", index=got.index)
    if "operators" in tables:
        of = (
            tables["operators"]
            .select("operator_id", "category")
            .to_pandas()
            .set_index("operator_id")["category"]
        )
        category = of.reindex(got.index).fillna("unknown")
    total = got.groupby(category).transform("sum")
    rate = (total["hidden"] - got["hidden"] + 1.0) / (
        total["bad"] - got["bad"] + 2.0
    )  # one pseudo-count a side
    p = pd.Series(binom.sf(got["hidden"] - 1, got["bad"], rate), index=got.index)
    rows = []
    for operator in got.index[
        (got["bad"] >= policy.least_bad) & (p <= policy.p_value) & (got["hidden"] > 0)
    ]:
        bad, gone = int(got.at[operator, "bad"]), int(got.at[operator, "hidden"])
        rows.append(
            [
                *(finding_id("18", operator), "review_suppression", operator, None, gone / bad),
                *(float(rate[operator]), float(p[operator]), None, article),
                {"bad": bad, "removed": gone, "peers": str(category[operator])},
            ]
        )  # fmt: skip
    return finding_frame(rows)


def finding_frame(rows: list[list[Any]]) -> pd.DataFrame:
    """Rows in the order of `COLUMNS` as a frame."""
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["evidence"] = [json.dumps(e, ensure_ascii=False) for e in frame["evidence"]]
    return frame.astype(
        {"value": float, "peers": float, "p_value": float, "known_since": "datetime64[us]"}
    )


def mcn_rollup(tables: Snapshot, decisions: pd.DataFrame) -> pd.DataFrame:
    """Operators of each network in tiers C and D, with the binomial chance of at least as many."""
    columns = [
        "mcn_id",
        "operators",
        "in_c_or_d",
        "share_in_c_or_d",
        "expected_share",
        "p_value",
        "expected_harm",
        "worst",
    ]
    if "operators" not in tables or decisions.empty:
        return pd.DataFrame(columns=columns)
    member = (
        tables["operators"].select("operator_id", "mcn_id").to_pandas().dropna(subset=["mcn_id"])
    )
    d = decisions.merge(member, on="operator_id").assign(bad=lambda x: x["tier"] >= "C")
    everybody = float((decisions["tier"] >= "C").mean())
    rows = []
    for mcn, g in d.groupby("mcn_id"):
        found = int(g["bad"].sum())
        worst = (
            g[g["bad"]]
            .sort_values(["expected_harm", "operator_id"], ascending=[False, True])["operator_id"]
            .head(20)
            .tolist()
        )
        chance = float(binom.sf(found - 1, len(g), everybody)) if everybody else 1.0
        harm = float(g["expected_harm"].sum()) if g["expected_harm"].notna().any() else None
        rows.append(
            [mcn, len(g), found, found / len(g), everybody, chance, harm, json.dumps(worst)]
        )
    return pd.DataFrame(rows, columns=columns).astype({"expected_harm": float})
