"""Tables of the lake and of its truth, from what was drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_contracts.lake import Lake
from simulation.families.counters_only.causes import Causes
from simulation.families.counters_only.delivery import stamps, text
from simulation.families.counters_only.fraud import Casting
from simulation.families.counters_only.schemes import ENGAGEMENT, ORDERS, SCHEMES, VIEWS
from simulation.families.counters_only.world import (
    CATEGORIES,
    DAY_SECONDS,
    FIRST_MONDAY,
    REGIONS,
    Operators,
    Parameters,
    Sessions,
)
from simulation.identifiers import take_labels


def write_population(
    lake: Lake,
    world: Parameters,
    operators: Operators,
    sessions: Sessions,
    rng: np.random.Generator,
) -> None:
    """Write `operators` and `sessions`."""
    n = world.operators
    kind = np.where(operators.mcn >= 0, 2, rng.integers(0, 2, n))
    verified = operators.registered + rng.exponential(3 * DAY_SECONDS, n)
    lake.write_by_day(
        "operators",
        pd.DataFrame(
            {
                "operator_id": text("operator", np.arange(n)),
                "kind": take_labels(["individual", "company", "mcn_member"], kind),
                "registered_at": stamps(operators.registered),
                "identity_verified_at": stamps(verified),
                "mcn_id": text("mcn", operators.mcn),
                "region": take_labels(list(REGIONS), operators.region),
                "category": take_labels(list(CATEGORIES), operators.category),
                "received_at": stamps(np.full(n, FIRST_MONDAY - DAY_SECONDS)),
            }
        ),
    )
    s = np.arange(sessions.count)
    end = sessions.start + 60.0 * sessions.minutes
    category = operators.category[sessions.operator]
    other = rng.integers(0, len(CATEGORIES), len(s))
    lake.write_by_day(
        "sessions",
        pd.DataFrame(
            {
                "session_id": text("session", s),
                "room_id": text("room", sessions.operator),
                "operator_id": text("operator", sessions.operator),
                "category": take_labels(
                    list(CATEGORIES), np.where(rng.random(len(s)) < 0.1, other, category)
                ),
                "started_at": stamps(sessions.start),
                "ended_at": stamps(end),
                "received_at": stamps(end + rng.gamma(2, 60, len(s))),
            }
        ),
    )


def write_boosts(lake: Lake, sessions: Sessions, causes: Causes) -> None:
    """Write `boosts`, at most one for a session and moment."""
    boosts = causes.boosts
    if not boosts:
        return
    s = np.array([b.session for b in boosts])
    start = sessions.start[s] + 60.0 * np.array([b.from_minute for b in boosts])
    stop = sessions.start[s] + 60.0 * np.array([b.to_minute for b in boosts])
    frame = pd.DataFrame(
        {
            "session_id": text("session", s),
            "starts_at": stamps(start),
            "ends_at": stamps(stop),
            "views_bought": [b.views for b in boosts],
            "amount": [b.amount for b in boosts],
            "received_at": stamps(start + 30.0),
        }
    )
    lake.write_by_day("boosts", frame)


def write_outcomes(lake: Lake, world: Parameters, verdicts: pd.DataFrame) -> None:
    """Write `outcomes`, where there are any."""
    if verdicts.empty:
        return
    frame = pd.DataFrame(
        {
            "entity_kind": world.verdict_level,
            "entity_id": text(world.verdict_level, verdicts["entity"].to_numpy()),
            "typology": verdicts["typology"],
            "verdict": verdicts["verdict"],
            "decided_at": stamps(verdicts["decided"].to_numpy()),
            "source": verdicts["source"],
            "received_at": stamps(verdicts["decided"].to_numpy() + 3_600.0),
        }
    )
    lake.write_by_day("outcomes", frame)


def true_sessions(
    sessions: Sessions, counts: pd.DataFrame, schemes: dict[int, set[str]]
) -> pd.DataFrame:
    """One row a session in session order, by index: counts and schemes joined by +."""
    named = ["+".join(sorted(schemes.get(s, ()))) for s in range(sessions.count)]
    return pd.DataFrame({"operator": sessions.operator, "scheme": named}).join(counts)


def session_table(truth: pd.DataFrame) -> pd.DataFrame:
    """Truth of sessions as it is published."""
    ids = pd.DataFrame(
        {
            "session_id": text("session", np.arange(len(truth))),
            "operator_id": text("operator", truth["operator"].to_numpy()),
        }
    )
    order = ["scheme", "views", "false_views", "likes", "false_likes", "follows"]
    order += ["false_follows", "orders", "false_orders"]
    return ids.join(truth[order])


def operator_table(
    world: Parameters, sessions: Sessions, truth: pd.DataFrame, casting: Casting
) -> pd.DataFrame:
    """Truth of operators: role, sides on which it cheats, and the first false moment."""
    false = truth["scheme"] != ""
    first = pd.Series(sessions.start)[false].groupby(truth["operator"][false]).min()
    begun = first.reindex(np.arange(world.operators)).to_numpy(dtype=float)
    done = truth[false].groupby("operator")["scheme"].agg("+".join)
    rows = []
    for operator in range(world.operators):
        role = str(casting.role[operator])
        names = sorted(set(str(done.get(operator, "")).split("+")) - {""})
        if role == "cheat" and not names:
            role = "honest"
        if role == "victim":
            names = []
        sides = {SCHEMES[name][1] for name in names}
        rows.append(
            {
                "scheme": "+".join(names),
                "role": role,
                "cheats_views": VIEWS in sides,
                "cheats_engagement": ENGAGEMENT in sides,
                "cheats_orders": ORDERS in sides,
            }
        )
    table = pd.DataFrame(rows)
    table.insert(0, "operator_id", text("operator", np.arange(world.operators)))
    cheats = (table["role"] == "cheat").to_numpy()
    table["first_at"] = stamps(np.where(cheats, begun, np.nan))
    return table


def lookalike_table(sessions: Sessions, causes: Causes) -> pd.DataFrame:
    """Sessions with an honest cause that resembles fraud."""
    tagged = sorted(set(causes.tags))
    s = np.array([session for session, _ in tagged], dtype=np.int64)
    return pd.DataFrame(
        {
            "operator_id": text("operator", sessions.operator[s]),
            "session_id": text("session", s),
            "tag": [tag for _, tag in tagged],
        }
    )
