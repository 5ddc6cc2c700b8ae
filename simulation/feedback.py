"""Feedback on a day: granted causes, complaints and verdicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation import records
from simulation.behaviour.audience import HonestCauses
from simulation.behaviour.platform_day import PlatformDay
from simulation.identifiers import DAY, HOUR, make_ids, take_labels, to_timestamps
from simulation.lake_writer import LakeWriter
from simulation.records import PlantedSessions
from simulation.schemes import SCHEME_NUMBER, SCHEMES, TYPOLOGY
from simulation.verdicts import Cases, draw_verdicts

SESSION_AUDIT_RATE, ORDER_AUDIT_RATE = 0.05, 0.02
SUSPECT_LOOKALIKES = (
    "raid_target",
    "celebrity_visits",
    "coupon_bursts",
    "campus_audience",
    "group_buying",
    "light_gifts",
    "private_group",
)


def add_causes(
    index: np.ndarray, c: HonestCauses, writer: LakeWriter, *, price_per_view: float = 0.4
) -> None:
    """Queue boosts that were bought openly, and raids.

    `index` holds the numbers of the day's sessions; `price_per_view` is in CNY.
    """
    writer.add(
        "boosts",
        pa.table(
            {
                "session_id": make_ids("session", index[c.boost_session]),
                "starts_at": to_timestamps(c.boost_start),
                "ends_at": to_timestamps(c.boost_end),
                "views_bought": pa.array(c.boost_views),
                "amount": pa.array((c.boost_views * price_per_view).round(2)),
                "received_at": to_timestamps(c.boost_start),
            }
        ),
    )
    if len(c.raid_to):
        kept = c.raid_from != c.raid_to
        writer.add(
            "room_links",
            pa.table(
                {
                    "from_session_id": make_ids("session", index[c.raid_from[kept]]),
                    "to_session_id": make_ids("session", index[c.raid_to[kept]]),
                    "kind": take_labels(["raid"], np.zeros(kept.sum())),
                    "at": to_timestamps(c.raid_at[kept]),
                    "viewers_sent": pa.array(c.raid_views[kept]),
                    "received_at": to_timestamps(c.raid_at[kept] + 5),
                }
            ),
        )


def add_complaints(rng: np.random.Generator, o: records.Orders, writer: LakeWriter) -> None:
    """Queue complaints: few buyers complain, brushers less."""
    picked = np.flatnonzero(rng.random(len(o)) < np.where(o.scheme == 0, 0.006, 0.002))
    at = o.placed[picked] + rng.uniform(1, 8, len(picked)) * DAY
    writer.add(
        "complaints",
        pa.table(
            {
                "complaint_id": make_ids("complaint", o.index[picked]),
                "operator_id": make_ids("operator", o.operator[picked]),
                "order_id": make_ids("order", o.index[picked]),
                "kind": take_labels(
                    ["late", "refund_refused", "other"], rng.integers(0, 3, len(picked))
                ),
                "opened_at": to_timestamps(at),
                "due_at": to_timestamps(at + 7 * DAY),
                "closed_at": to_timestamps(np.full(len(picked), np.nan)),
                "upheld": pa.nulls(len(picked), pa.bool_()),
                "received_at": to_timestamps(at),
            }
        ),
    )


def outcome_rows(frame: pd.DataFrame, kind: str, id_kind: str) -> pa.Table:
    """Contract rows of a frame of `draw_verdicts`."""
    n = len(frame)
    return pa.table(
        {
            "entity_kind": pa.array([kind] * n, pa.string()),
            "entity_id": make_ids(id_kind, frame["entity"].to_numpy()),
            "typology": pa.array(frame["typology"].astype(object), pa.string()),
            "verdict": pa.array(
                np.where(frame["confirmed"], "confirmed", "cleared").astype(object), pa.string()
            ),
            "decided_at": to_timestamps(frame["decided"].to_numpy()),
            "source": pa.array(frame["source"].astype(object), pa.string()),
            "received_at": to_timestamps(frame["decided"].to_numpy() + HOUR),
        }
    )


def add_verdicts(
    rng: np.random.Generator,
    day: PlatformDay,
    orders: records.Orders,
    planted: PlantedSessions,
    writer: LakeWriter,
) -> None:
    """Queue verdicts on sessions and orders.

    A patrol notices size, lack of evasion and suspicious look-alikes.
    """
    s, lookalike = day.sessions, day.operators.lookalike
    n = len(s)
    typology = np.full(n, "view_fraud", dtype=object)
    noticed, fraud = np.zeros(n), np.zeros(n, dtype=bool)
    for row, scheme, intensity, evasion in zip(
        planted.session, planted.scheme, planted.intensity, planted.evasion, strict=True
    ):
        kind = TYPOLOGY[SCHEMES[scheme]]
        if kind in ("view_fraud", "engagement_fraud"):
            fraud[row] = True
            typology[row] = kind
            noticed[row] = max(
                noticed[row], np.clip(0.25 + 0.4 * intensity, 0, 1) * (1.0, 0.75, 0.45)[evasion]
            )
    odd = np.zeros(n)
    for name in SUSPECT_LOOKALIKES:
        odd = np.maximum(odd, 0.12 * lookalike[name][s.operator])
    suspicion = np.maximum.reduce([noticed, odd, np.full(n, 0.02)])
    sessions = Cases(s.index, fraud, suspicion, typology, s.end)
    verdicts = draw_verdicts(rng, sessions, audit=SESSION_AUDIT_RATE)
    writer.add("outcomes", outcome_rows(verdicts, "session", "session"))
    brushed = orders.scheme > 0
    hostile = orders.scheme == SCHEME_NUMBER["hostile_brushing"]
    typology = np.where(hostile, "hostile_brushing", "order_fraud").astype(object)
    bulk = lookalike["group_buying"] | lookalike["bulk_buyers"]
    odd = 0.01 + 0.03 * bulk[orders.operator.astype(int)]
    cases = Cases(orders.index, brushed, np.where(brushed, 0.22, odd), typology, orders.placed)
    verdicts = draw_verdicts(rng, cases, audit=ORDER_AUDIT_RATE)
    writer.add("outcomes", outcome_rows(verdicts, "order", "order"))
