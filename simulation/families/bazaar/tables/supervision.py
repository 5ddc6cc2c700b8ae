"""Complaints and verdicts as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from simulation.families.bazaar.tables.columns import labels, names, numbers, times
from simulation.families.bazaar.tables.drafts import Drafts
from simulation.families.bazaar.tables.verdicts import Verdict
from simulation.families.bazaar.vocabulary import DAY, HOUR


def complaint_table(d: Drafts) -> dict[str, Any]:
    """Complaints about orders and about rooms."""
    n = len(d.orders.o)
    angry = np.flatnonzero(
        (d.orders.paid >= 0) & (d.world.rng.random(n) < np.where(d.orders.stage == 2, 0.05, 0.003))
    )
    rooms = (
        d.world.rng.integers(0, d.world.sessions.n, d.world.sessions.n // 40)
        if not d.labels.inflated.any()
        else np.concatenate(
            [
                d.world.rng.integers(0, d.world.sessions.n, d.world.sessions.n // 40),
                d.world.rng.choice(np.flatnonzero(d.labels.inflated), d.world.sessions.n // 40),
            ]
        )
    )
    at = np.concatenate(
        [
            np.maximum(d.orders.asked, d.orders.paid)[angry]
            + d.world.rng.exponential(2 * DAY, len(angry)).astype(int),
            d.world.sessions.end[rooms] + d.world.rng.integers(HOUR, 5 * DAY, len(rooms)),
        ]
    )
    done = np.where(
        d.world.rng.random(len(at)) < 0.7,
        at + d.world.rng.gamma(2, 2 * DAY, len(at)).astype(int),
        -1,
    )
    done[done > d.world.end - HOUR] = -1
    kind = np.concatenate(
        [
            np.where(
                d.orders.stage[angry] == 2,
                d.world.rng.choice([0, 2, 4], len(angry)),
                d.world.rng.choice([3, 4, 2], len(angry)),
            ),
            np.ones(len(rooms), int),
        ]
    )
    return {
        "complaint_id": names("c", np.arange(len(at))),
        "operator_id": names("o", np.concatenate([d.orders.o[angry], d.world.sessions.op[rooms]])),
        "order_id": names("x", np.concatenate([angry, np.full(len(rooms), -1)])),
        "kind": labels(["fake_goods", "fake_traffic", "refund_refused", "late", "other"], kind),
        "opened_at": times(at),
        "due_at": times(at + 7 * DAY),
        "closed_at": times(done),
        "upheld": numbers(d.world.rng.random(len(at)) < 0.35, done < 0),
        "received_at": times(np.maximum(at, done) + 600),
    }


def outcome_table(said: list[Verdict]) -> dict[str, Any]:
    """Verdicts as contract columns."""
    prefix = {"session": "s", "order": "x", "operator": "o"}
    entity = [names(prefix[v.kind], [v.entity])[0].as_py() for v in said]
    decided = [v.decided for v in said]
    return {
        "entity_kind": pa.array([v.kind for v in said], pa.string()),
        "entity_id": pa.array(entity, pa.string()),
        "typology": pa.array([v.typology for v in said], pa.string()),
        "verdict": labels(["cleared", "confirmed"], [int(v.confirmed) for v in said]),
        "decided_at": times(decided),
        "source": labels(["patrol", "random_audit", "appeal"], [v.source for v in said]),
        "received_at": times([at + 1800 for at in decided]),
    }
