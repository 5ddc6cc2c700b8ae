"""What a day leads to beside its own rows: granted causes, complaints, and the verdicts of those who looked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation import records
from simulation.behaviour import audience
from simulation.identifiers import DAY, HOUR, chosen, moments, named
from simulation.lake_writer import Outbox
from simulation.population import Operators
from simulation.schemes import NUMBER, SCHEMES, TYPOLOGY
from simulation.verdicts import judged

SUSPECT_LOOKALIKES = (
    "raid_target",
    "celebrity_visits",
    "coupon_bursts",
    "campus_audience",
    "group_buying",
    "light_gifts",
    "private_group",
)


def causes(s: records.Sessions, c: audience.Causes, outbox: Outbox) -> None:
    """Boosts that were bought openly, and raids."""
    outbox.add(
        "boosts",
        pa.table(
            {
                "session_id": named("session", s.index[c.boost_session]),
                "starts_at": moments(c.boost_start),
                "ends_at": moments(c.boost_end),
                "views_bought": pa.array(c.boost_views),
                "amount": pa.array((c.boost_views * 0.4).round(2)),
                "received_at": moments(c.boost_start),
            }
        ),
    )
    if len(c.raid_to):
        kept = c.raid_from != c.raid_to
        outbox.add(
            "room_links",
            pa.table(
                {
                    "from_session_id": named("session", s.index[c.raid_from[kept]]),
                    "to_session_id": named("session", s.index[c.raid_to[kept]]),
                    "kind": chosen(["raid"], np.zeros(kept.sum())),
                    "at": moments(c.raid_at[kept]),
                    "viewers_sent": pa.array(c.raid_views[kept]),
                    "received_at": moments(c.raid_at[kept] + 5),
                }
            ),
        )


def complaints(rng: np.random.Generator, o: records.Orders, outbox: Outbox) -> None:
    """A few buyers complain, brushers less."""
    picked = np.flatnonzero(rng.random(len(o)) < np.where(o.scheme == 0, 0.006, 0.002))
    at = o.placed[picked] + rng.uniform(1, 8, len(picked)) * DAY
    outbox.add(
        "complaints",
        pa.table(
            {
                "complaint_id": named("complaint", o.index[picked]),
                "operator_id": named("operator", o.operator[picked]),
                "order_id": named("order", o.index[picked]),
                "kind": chosen(
                    ["late", "refund_refused", "other"], rng.integers(0, 3, len(picked))
                ),
                "opened_at": moments(at),
                "due_at": moments(at + 7 * DAY),
                "closed_at": moments(np.full(len(picked), np.nan)),
                "upheld": pa.nulls(len(picked), pa.bool_()),
                "received_at": moments(at),
            }
        ),
    )


def outcome_rows(frame: pd.DataFrame, kind: str, id_kind: str) -> pa.Table:
    """Verdicts as contract rows; `frame`: entity (int), typology, confirmed, decided (seconds), source."""
    n = len(frame)
    return pa.table(
        {
            "entity_kind": pa.array([kind] * n, pa.string()),
            "entity_id": named(id_kind, frame["entity"].to_numpy()),
            "typology": pa.array(frame["typology"].astype(object), pa.string()),
            "verdict": pa.array(
                np.where(frame["confirmed"], "confirmed", "cleared").astype(object), pa.string()
            ),
            "decided_at": moments(frame["decided"].to_numpy()),
            "source": pa.array(frame["source"].astype(object), pa.string()),
            "received_at": moments(frame["decided"].to_numpy() + HOUR),
        }
    )


def verdicts(
    rng: np.random.Generator,
    ops: Operators,
    s: records.Sessions,
    orders: records.Orders,
    planted: np.ndarray,
    outbox: Outbox,
) -> None:
    """Sessions and orders that people looked at. A patrol notices size, evasion and suspicious look-alikes."""
    n = len(s)
    kind = np.full(n, "view_fraud", dtype=object)
    noticed, fraud = np.zeros(n), np.zeros(n, dtype=bool)
    for row, scheme, intensity, evasion, _ in planted:
        if TYPOLOGY[SCHEMES[int(scheme)]] in ("view_fraud", "engagement_fraud"):
            fraud[int(row)] = True
            kind[int(row)] = TYPOLOGY[SCHEMES[int(scheme)]]
            noticed[int(row)] = max(
                noticed[int(row)],
                np.clip(0.25 + 0.4 * intensity, 0, 1) * (1.0, 0.75, 0.45)[int(evasion)],
            )
    odd = np.zeros(n)
    for name in SUSPECT_LOOKALIKES:
        odd = np.maximum(odd, 0.12 * ops.lookalike[name][s.operator])
    suspicion = np.maximum.reduce([noticed, odd, np.full(n, 0.02)])
    outbox.add(
        "outcomes",
        outcome_rows(
            judged(rng, s.index, fraud, suspicion, kind, s.end, audit=0.05), "session", "session"
        ),
    )
    bad = orders.scheme > 0
    typology = np.where(
        orders.scheme == NUMBER["hostile_brushing"], "hostile_brushing", "order_fraud"
    ).astype(object)
    strange = (
        0.01
        + 0.03
        * (ops.lookalike["group_buying"] | ops.lookalike["bulk_buyers"])[
            orders.operator.astype(int)
        ]
    )
    verdicts = judged(
        rng, orders.index, bad, np.where(bad, 0.22, strange), typology, orders.placed, audit=0.02
    )
    outbox.add("outcomes", outcome_rows(verdicts, "order", "order"))
