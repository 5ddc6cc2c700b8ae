"""Who cheats how, from when and how much; and the verdicts that people reach on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulation.families.counters_only.forger import Forger, Job
from simulation.families.counters_only.schemes import (
    ENGAGEMENT,
    ORDERS,
    SCHEMES,
    VIEWS,
    hostile_flood,
)
from simulation.families.counters_only.world import DAY_SECONDS, Parameters, Sessions

HOSTILE = "hostile_flood"
UNSEEN_WITHOUT = {
    "scripted_likes": "likes",
    "scripted_comments": "comments",
    "follow_bursts": "follows",
    "slot_orders": "orders",
    "flash_views": "joins",
}  # few buy what the platform does not show
TYPOLOGY = {VIEWS: "view_fraud", ENGAGEMENT: "engagement_fraud", ORDERS: "order_fraud"}


@dataclass(frozen=True)
class Casting:
    """Role of each operator and the schemes it buys."""

    role: np.ndarray  # honest, cheat, victim, rival
    schemes: list[tuple[str, ...]]


def cast_operators(world: Parameters, rng: np.random.Generator) -> Casting:
    """Draw cheats, their schemes, and pairs of rival and victim."""
    n = world.operators
    role = np.full(n, "honest", dtype=object)
    order = rng.permutation(n)
    cheats = round(world.cheat_share * n)
    role[order[:cheats]] = "cheat"
    pairs = min(round(world.victim_share * n), (n - cheats) // 2)
    role[order[cheats : cheats + pairs]] = "victim"
    role[order[cheats + pairs : cheats + 2 * pairs]] = "rival"
    names = list(SCHEMES)
    odds = np.array([SCHEMES[name][2] for name in names]) * rng.gamma(2.0, 0.5, len(names))
    odds *= [0.1 if UNSEEN_WITHOUT.get(n) in world.absent_columns else 1.0 for n in names]
    schemes: list[tuple[str, ...]] = []
    for operator in range(n):
        count = int(rng.choice([1, 1, 2, 3])) if role[operator] == "cheat" else 0
        chosen = rng.choice(names, count, replace=False, p=odds / odds.sum())
        schemes.append(tuple(str(name) for name in chosen))
    return Casting(role, schemes)


def commit(casting: Casting, forger: Forger) -> None:
    """Write the frauds of all operators into the minutes."""
    world, sessions, rng = forger.world, forger.sessions, forger.rng
    by_operator = [np.flatnonzero(sessions.operator == o) for o in range(world.operators)]
    for operator, mine in enumerate(by_operator):
        role = casting.role[operator]
        if role not in ("cheat", "victim"):
            continue
        mine = mine[~sessions.test[mine] & (sessions.minutes[mine] >= 10)]
        typical = world.intensity * np.exp(rng.normal(0, 0.7))
        care = float(rng.beta(1 + 4 * world.evasion, 1 + 4 * (1 - world.evasion)))
        often = rng.uniform(0.15, 1.0) if role == "cheat" else rng.uniform(0.05, 0.3)
        begins = rng.choice([0, int(rng.integers(0, world.days))], p=[0.7, 0.3])
        chosen = mine[(rng.random(len(mine)) < often) & (sessions.day[mine] >= begins)]
        for session in chosen:
            amount = float(np.clip(typical * np.exp(rng.normal(0, 0.5)), 0.05, 5.0))
            job = Job(int(session), amount, care)
            names = casting.schemes[operator] if role == "cheat" else (HOSTILE,)
            for name in names:
                (SCHEMES[name][0] if name in SCHEMES else hostile_flood)(forger, job)
                forger.false.schemes.setdefault(int(session), set()).add(name)


def draw_verdicts(
    world: Parameters,
    sessions: Sessions,
    truth: pd.DataFrame,
    *,
    tagged: set[int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Verdicts on sessions or operators: late, selective, some wrong.

    Parameters
    ----------
    truth
        One row a session in session order, with `operator`, `scheme` and false shares.
    tagged
        Sessions with an honest cause that catches the eye.

    Returns
    -------
    pandas.DataFrame
        Columns `entity` (index of a session or operator), `typology`, `verdict`, `decided`
        (epoch seconds) and `source`.
    """
    share = truth["false_views"] / truth["views"].clip(lower=1)
    share = np.maximum(share, 0.5 * truth["false_likes"] / truth["likes"].clip(lower=1))
    eye = 2.5 * share.to_numpy() + 0.5 * np.isin(np.arange(len(truth)), list(tagged))
    eye = eye + rng.gumbel(0, 0.4, len(truth))
    ends = sessions.start + 60.0 * sessions.minutes
    horizon = ends.max()
    if world.verdict_level == "operator":
        table = truth.assign(eye=eye, end=ends).groupby("operator")
        entities, eye = np.array(list(table.groups)), table["eye"].max().to_numpy()
        seen = table["end"].median().to_numpy()
        schemes = table["scheme"].agg(lambda names: "+".join(n for n in names if n)).to_numpy()
    else:
        entities, seen, schemes = np.arange(len(truth)), ends, truth["scheme"].to_numpy()
    wanted = min(world.verdicts, len(entities))
    audited = rng.random(len(entities)) < world.audited_share * wanted / max(len(entities), 1)
    patrolled = np.argsort(-np.where(audited, -np.inf, eye))[: max(wanted - audited.sum(), 0)]
    rows = []
    for entity in [*np.flatnonzero(audited), *patrolled]:
        names = [n for n in str(schemes[entity]).split("+") if n]
        hostile = bool(names) and names[0] == HOSTILE
        side = SCHEMES[names[0]][1] if names and not hostile else VIEWS
        confirmed = bool(names) != (rng.random() < world.wrong_verdicts)
        rows.append(
            {
                "entity": int(entities[entity]),
                "typology": "hostile_brushing" if hostile else TYPOLOGY[side],
                "verdict": "confirmed" if confirmed else "cleared",
                "decided": seen[entity] + DAY_SECONDS * rng.gamma(2.0, 1.5),
                "source": "random_audit" if audited[entity] else "patrol",
            }
        )
    columns = ["entity", "typology", "verdict", "decided", "source"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame[frame["decided"] < horizon + 3 * DAY_SECONDS].reset_index(drop=True)
