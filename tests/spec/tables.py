"""A worked example, and the small tables that examples are written with."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.declaration import Signal

T0 = pd.Timestamp("2026-01-10 20:00")
LATE = pd.Timestamp("2026-01-11")


@dataclass(frozen=True)
class Case:
    """A claim: these rows give these values. NaN-free; an entity that is absent is unknown."""

    claim: str
    signal: Signal
    tables: dict[str, pd.DataFrame]
    expected: dict[str, float]


def at(seconds: float) -> pd.Timestamp:
    """So many seconds after 20:00."""
    return T0 + pd.Timedelta(seconds=seconds)


def rows(columns: str, *lines: str, **fixed: object) -> pd.DataFrame:
    """A table from text: `-` is null, `t12.5` is so many seconds after 20:00."""

    def cell(text: str):
        if text == "-":
            return None
        if text[0] == "t" and text[1:].replace(".", "").replace("-", "").isdigit():
            return at(float(text[1:]))
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text

    frame = pd.DataFrame(
        [[cell(x) for x in line.split()] for line in lines], columns=columns.split()
    )
    return frame.assign(**fixed, **({} if "received_at" in frame else {"received_at": LATE}))


def sessions(*ids: str, hours: float = 1.0) -> pd.DataFrame:
    """Sessions from 20:00, each of an operator of its own."""
    return pd.DataFrame(
        {
            "session_id": ids,
            "operator_id": [f"o-{i}" for i in ids],
            "started_at": T0,
            "ended_at": at(3600 * hours),
            "received_at": LATE,
        }
    )


def views(*lines: str) -> pd.DataFrame:
    """Views: session, account, join and leave."""
    return rows("session_id account_id joined_at left_at", *lines)


def crowd_of(size: int, sessions: int) -> pd.DataFrame:
    """Viewers of their own in each session, a minute apart, so that nobody meets anybody twice."""
    return views(*[f"s{s} v{s}x{i} t{30 * i} t3600" for s in range(sessions) for i in range(size)])


def pool(name: str, size: int, sessions: int) -> pd.DataFrame:
    """The same accounts in each session, seconds apart, at another minute each time."""
    return views(
        *[
            f"s{s} {name}{i} t{300 * s + 900 + i + 200 * (name == 'q')} t3600"
            for s in range(sessions)
            for i in range(size)
        ]
    )


def people(**ages_in_days: float) -> pd.DataFrame:
    """Accounts by their age in days at 20:00."""
    return pd.DataFrame(
        {
            "account_id": list(ages_in_days),
            "registered_at": [T0 - pd.Timedelta(days=d) for d in ages_in_days.values()],
            "received_at": T0 - pd.Timedelta(days=1),
        }
    )


def buyers_in_lockstep(crowd: int, operators: int) -> pd.DataFrame:
    """Orders of a crowd of one-time buyers, and of six who order together at each operator."""
    return rows(
        ORDER,
        *[
            f"r{s}v{i} o{s} v{s}x{i} t{600 * i - 36000}"
            for s in range(operators)
            for i in range(crowd)
        ],
        *[
            f"r{s}p{i} o{s} p{i} t{7000 * s - 20000 + i}"
            for s in range(operators)
            for i in range(6)
        ],
    )


def cases_on(
    tables: dict[str, pd.DataFrame], *claims: tuple[str, Signal, dict[str, float]]
) -> list[Case]:
    """Several claims about the same tables."""
    return [Case(claim, signal, tables, expected) for claim, signal, expected in claims]


ORDER = "order_id operator_id buyer_id placed_at"
PARCEL = "order_id sender_id weight_g goods_weight_g"
REFUND = "order_id requested_at stage"
REVIEW = "order_id account_id at rating text_hash"
ACTION = "session_id account_id kind at count"
# tables that are there, with a row about nothing else
NO_REFUNDS = rows(REFUND, "none t9 before_shipping")
NO_REVIEWS = rows(REVIEW, "none none t99 5 -")
