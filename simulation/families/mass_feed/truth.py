"""The truth beside the lake, and the verdicts that people reach."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from simulation.families.mass_feed.delivery import Delivery, ids, stamps
from simulation.families.mass_feed.fraud.plan import (
    ENGAGEMENT,
    HOSTILE,
    ORDERS,
    SCHEMES,
    VIEWS,
    Plan,
)
from simulation.families.mass_feed.fraud.sellers import ACCOUNT_KINDS
from simulation.families.mass_feed.people import People
from simulation.families.mass_feed.rows import FOLLOWED, KINDS, LIKE
from simulation.families.mass_feed.world import DAY, Parameters, Sessions

NAMES = np.array([scheme.name for scheme in SCHEMES])
TYPOLOGY = {
    VIEWS: "view_fraud",
    ENGAGEMENT: "engagement_fraud",
    ORDERS: "order_fraud",
    HOSTILE: "hostile_brushing",
}


@dataclass(frozen=True)
class Delivered:
    """Event rows as delivered, with `fake` beside them."""

    views: pd.DataFrame
    acts: pd.DataFrame
    orders: pd.DataFrame


def session_table(sessions: Sessions, rows: Delivered) -> pd.DataFrame:
    """One row a session, in session order, with totals and false parts."""
    n = sessions.count
    table = pd.DataFrame({"operator": sessions.operator})
    acts = rows.acts[rows.acts["s"] >= 0]
    parts = {
        "views": rows.views.assign(count=1),
        "likes": acts[acts["kind"] == LIKE],
        "follows": acts[acts["kind"] == FOLLOWED],
        "orders": rows.orders[rows.orders["s"] >= 0].assign(count=1),
    }
    pairs = []
    for name, part in parts.items():
        false = part[part["fake"] > 0]
        table[name] = np.bincount(part["s"], part["count"], n).astype(np.int64)
        table[f"false_{name}"] = np.bincount(false["s"], false["count"], n).astype(np.int64)
        pairs.append(false[["s", "fake"]])
    comments = acts[acts["fake"] > 0][["s", "fake"]]
    used = pd.concat([*pairs, comments]).drop_duplicates().sort_values(["s", "fake"])
    named = used.assign(name=NAMES[used["fake"]]).groupby("s")["name"].agg("+".join)
    table["scheme"] = named.reindex(np.arange(n)).fillna("")
    return table


def operator_table(
    world: Parameters, sessions: Sessions, rows: Delivered, plan: Plan
) -> pd.DataFrame:
    """One row an operator: its role, and which sides its schemes cheat on."""
    of_session = sessions.operator
    blocks = []
    for frame, moment in ((rows.views, "join"), (rows.acts, "at"), (rows.orders, "at")):
        false = frame[(frame["fake"] > 0) & (frame["s"] >= 0)]
        owner = of_session[false["s"].to_numpy()]
        blocks.append(pd.DataFrame({"o": owner, "fake": false["fake"], "at": false[moment]}))
    done = pd.concat(blocks)
    first = done.groupby(["o", "fake"])["at"].min().reset_index()
    table = []
    for o in range(world.operators):
        mine = first[first["o"] == o]
        used = [SCHEMES[int(f)] for f in mine["fake"]]
        used = [x for x in used if x.sides and HOSTILE not in x.sides]
        role = str(plan.role[o])
        cheats = role == "cheat" and bool(used)
        sides = {side for scheme in used for side in scheme.sides} if cheats else set()
        counted = mine["fake"].isin([SCHEMES.index(x) for x in used])
        table.append(
            {
                "scheme": "+".join(x.name for x in used) if cheats else "",
                "role": "honest" if role == "cheat" and not cheats else role,
                "cheats_views": VIEWS in sides,
                "cheats_engagement": ENGAGEMENT in sides,
                "cheats_orders": ORDERS in sides,
                "first": mine["at"][counted].min() if cheats else np.nan,
            }
        )
    return pd.DataFrame(table)


def write_truth(
    folder: Path,
    *,
    world: Parameters,
    tables: tuple[pd.DataFrame, pd.DataFrame],
    rows: Delivered,
    people: People,
    tags: list[tuple[int, int, str]],
) -> None:
    """Write all files of the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    sessions, operators = tables[0].copy(), tables[1].copy()
    sessions.insert(0, "session_id", ids("session", np.arange(len(sessions))))
    sessions.insert(1, "operator_id", ids("operator", sessions.pop("operator")))
    operators.insert(0, "operator_id", ids("operator", np.arange(len(operators))))
    operators["first_at"] = stamps(operators.pop("first"))
    views = rows.views[rows.views["fake"] > 0]
    acts = rows.acts[rows.acts["fake"] > 0]
    orders = rows.orders[rows.orders["fake"] > 0]
    used = np.unique(np.concatenate([views["a"], acts["a"], orders["a"]]).astype(np.int64))
    used = used[people.kind[used] > 0]
    marks = sorted(set(tags))
    files = {
        "sessions": sessions,
        "operators": operators,
        "views": pd.DataFrame(
            {
                "session_id": ids("session", views["s"]),
                "account_id": ids("account", views["known_account"]),
                "device_id": ids("device", views["device"]),
                "joined_at": stamps(views["join"]),
                "scheme": NAMES[views["fake"]],
            }
        ),
        "interactions": pd.DataFrame(
            {
                "session_id": ids("session", acts["s"]),
                "account_id": ids("account", acts["a"]),
                "at": stamps(acts["at"]),
                "kind": np.array(KINDS)[acts["kind"]],
                "count": acts["count"].to_numpy(),
                "scheme": NAMES[acts["fake"]],
            }
        ),
        "orders": pd.DataFrame(
            {
                "order_id": ids("order", orders["number"]),
                "false": np.ones(len(orders), bool),
                "scheme": NAMES[orders["fake"]],
                "beneficiary_id": ids("operator", orders["gains"]),
            }
        ),
        "accounts": pd.DataFrame(
            {"account_id": ids("account", used), "kind": np.array(ACCOUNT_KINDS)[people.kind[used]]}
        ),
        "lookalikes": pd.DataFrame(
            {
                "operator_id": ids("operator", np.array([o for o, _, _ in marks])),
                "session_id": ids("session", np.array([s for _, s, _ in marks])),
                "tag": [tag for _, _, tag in marks],
            }
        ),
    }
    for name, frame in files.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "world.json").write_text(json.dumps(asdict(world), indent=1) + "\n")


def _candidates(
    world: Parameters, sessions: Sessions, rows: Delivered, table: pd.DataFrame
) -> pd.DataFrame:
    """Entities that may be judged: index, schemes, what shows of them, and when it is over."""
    views = table["false_views"] / table["views"].clip(lower=1)
    acts = table["false_likes"] / table["likes"].clip(lower=1)
    trade = table["false_orders"] / table["orders"].clip(lower=1)
    show = np.maximum(np.maximum(views, 0.6 * acts), 0.6 * trade) + 0.05 * np.log1p(table["views"])
    frame = pd.DataFrame(
        {"entity": np.arange(len(table)), "scheme": table["scheme"], "show": show}
    ).assign(end=sessions.end, o=sessions.operator)
    frame["scheme"] = [
        "+".join(x for x in str(t).split("+") if x != "camouflage") for t in frame["scheme"]
    ]
    if world.verdict_level == "operator":
        grouped = frame.groupby("o")
        return pd.DataFrame(
            {
                "entity": np.array(list(grouped.groups)),
                "scheme": grouped["scheme"].agg(lambda t: "+".join(x for x in t if x)).to_numpy(),
                "show": grouped["show"].max().to_numpy(),
                "end": grouped["end"].median().to_numpy(),
            }
        )
    if world.verdict_level == "order":
        orders = rows.orders
        base = np.where(orders["s"] >= 0, trade.to_numpy()[orders["s"]], 0.0)
        name = np.where(orders["fake"] > 0, NAMES[orders["fake"]], "")
        visible = 0.5 * base + 0.7 * (orders["fake"] > 0) + 0.3 * orders["asked"].notna()
        columns = {"entity": orders["number"], "scheme": name, "show": visible, "end": orders["at"]}
        return pd.DataFrame(columns)
    return frame


def write_outcomes(
    delivery: Delivery, sessions: Sessions, rows: Delivered, table: pd.DataFrame
) -> None:
    """Write verdicts: late, selective (patrols and a random audit), some wrong."""
    world, rng = delivery.world, delivery.rng
    known = _candidates(world, sessions, rows, table).reset_index(drop=True)
    wanted = min(world.verdicts, len(known) // 2)
    if not wanted:
        return
    audit = rng.choice(len(known), rng.binomial(wanted, world.audited_share), replace=False)
    eye = known["show"].to_numpy() * 2 + rng.gumbel(0, 0.5, len(known))
    eye[audit] = -np.inf
    patrol = np.argsort(-eye)[: wanted - len(audit)]
    chosen = known.iloc[np.concatenate([audit, patrol])]
    source = np.repeat(["random_audit", "patrol"], [len(audit), len(patrol)])
    typology, guilty = [], []
    for scheme in chosen["scheme"]:
        used = [SCHEMES[int(np.flatnonzero(x == NAMES)[0])] for x in str(scheme).split("+") if x]
        default = ORDERS if world.verdict_level == "order" else VIEWS
        typology.append(TYPOLOGY[used[0].sides[0] if used else default])
        guilty.append(bool(used))
    confirmed = np.array(guilty) ^ (rng.random(len(chosen)) < world.wrong_verdicts)
    decided = chosen["end"].to_numpy() + DAY * rng.gamma(2, 1.2, len(chosen))
    inside = decided < sessions.end.max() + 4 * DAY
    delivery.write(
        "outcomes",
        {
            "entity_kind": np.repeat(world.verdict_level, int(inside.sum())),
            "entity_id": ids(world.verdict_level, chosen["entity"].to_numpy()[inside]),
            "typology": np.array(typology)[inside],
            "verdict": np.where(confirmed, "confirmed", "cleared")[inside],
            "decided_at": stamps(decided[inside]),
            "source": source[inside],
            "received_at": stamps(decided[inside] + delivery.late(int(inside.sum()), 3_600.0)),
        },
    )
