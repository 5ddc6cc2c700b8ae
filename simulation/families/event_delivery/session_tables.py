"""Tables beside the events: links between rooms, public totals, notices and measures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulation.families.event_delivery.tables import Delivery
from simulation.identifiers import DAY, take_labels

LIKE, COMMENT, FOLLOW = 0, 1, 2  # kinds of interactions that totals count


def deliver_links(
    delivery: Delivery,
    rng: np.random.Generator,
    started: np.ndarray,
    ended: np.ndarray,
    group: np.ndarray,
) -> None:
    """Links between sessions of one group that are open together; group -1 is none."""
    n = len(started)
    order = np.lexsort((started, group))
    ahead = np.minimum(np.arange(n) + rng.integers(1, 4, n), n - 1)
    chosen = (group[order] >= 0) & (rng.random(n) < 0.3)
    sender, receiver = order[chosen], order[ahead[chosen]]
    at = np.maximum(started[sender], started[receiver]) + 60
    together = (group[sender] == group[receiver]) & (sender != receiver)
    together &= at < np.minimum(ended[sender], ended[receiver])
    rows = int(together.sum())
    delivery.deliver(
        "room_links",
        {
            "from_session_id": delivery.ids("session", sender[together]),
            "to_session_id": delivery.ids("session", receiver[together]),
            "kind": take_labels(["link", "co_stream"], (rng.random(rows) < 0.2).astype(int)),
            "at": delivery.times(at[together]),
            "viewers_sent": rng.poisson(2, rows),
        },
        at[together] + 30,
    )


def deliver_totals(
    delivery: Delivery,
    started: np.ndarray,
    ended: np.ndarray,
    views: Mapping[str, np.ndarray],
    acts: Mapping[str, np.ndarray],
) -> None:
    """Public counters of whole sessions, as the delivered rows give them."""
    n, session, stay = len(started), views["session"], views["left"] - views["joined"]
    steps = np.concatenate([np.ones(len(stay)), -np.ones(len(stay))])
    moments = np.concatenate([views["joined"], views["left"]])
    twice = np.concatenate([session, session])
    order = np.lexsort((steps, moments, twice))
    peak = np.zeros(n)
    np.maximum.at(peak, twice[order], np.cumsum(steps[order]))  # each session returns to zero
    watched = np.bincount(session, stay, minlength=n)

    def count_of(kind: int) -> np.ndarray:
        rows = (acts["session"] >= 0) & (acts["kind"] == kind)
        return np.bincount(acts["session"][rows], acts["count"][rows], n).astype(np.int64)

    delivery.deliver(
        "session_totals",
        {
            "session_id": delivery.ids("session", np.arange(n)),
            "views": np.bincount(session, minlength=n),
            "watch_minutes": np.round(watched / 60, 1),
            "average_viewers": np.round(watched / (ended - started), 2),
            "peak_viewers": peak,
            "likes": count_of(LIKE),
            "comments": count_of(COMMENT),
            "follows": count_of(FOLLOW).astype(float),
        },
        ended + 900,
    )


def deliver_notices(
    delivery: Delivery, rng: np.random.Generator, operators: int, start: float
) -> None:
    """A few notices and measures; chance decides whom they meet."""
    operator = rng.integers(0, operators, int(rng.integers(0, 6)))
    n = len(operator)
    at = start + rng.uniform(-20, 12, n) * DAY
    delivery.deliver(
        "notices",
        {
            "notice_id": delivery.ids("notice", np.arange(n)),
            "operator_id": delivery.ids("operator", operator),
            "issuer": take_labels(["platform", "regulator"], rng.integers(0, 2, n)),
            "at": delivery.times(at),
        },
        at + 3_600,
    )
    delivery.deliver(
        "dispositions",
        {
            "disposition_id": delivery.ids("disposition", np.arange(n)),
            "operator_id": delivery.ids("operator", operator),
            "measure": take_labels(["warn", "limit"], rng.integers(0, 2, n)),
            "at": delivery.times(at + DAY),
        },
        at + DAY + 3_600,
    )
