"""Tables of people, rooms and events as they reach the lake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from data_contracts.lake import Lake
from simulation.families.mass_feed.people import People
from simulation.families.mass_feed.rows import COMMENT, KINDS, SOURCES
from simulation.families.mass_feed.world import (
    DAY,
    FIRST_MONDAY,
    REGIONS,
    TOPICS,
    Operators,
    Parameters,
    Sessions,
)
from simulation.identifiers import make_ids, take_labels, to_timestamps

NETWORKS = ["mobile", "broadband", "campus", "office", "datacentre", "proxy"]
VERSIONS = [f"{major}.{minor}" for major in (28, 29, 30) for minor in range(3)]


def ids(kind: str, index: np.ndarray | pd.Series) -> pa.Array:
    """Identifiers of a kind; a negative index becomes null."""
    return make_ids(kind, np.asarray(index).astype(np.int64))


def stamps(seconds: np.ndarray | pd.Series) -> pa.Array:
    """Timestamps in UTC; NaN becomes null."""
    return to_timestamps(np.asarray(seconds, dtype=float))


@dataclass
class Delivery:
    """Writes tables less what this platform does not deliver."""

    lake: Lake
    world: Parameters
    rng: np.random.Generator

    def write(self, name: str, columns: dict[str, object]) -> None:
        """Write a table by day of receipt, unless it or its rows are absent."""
        if name in self.world.absent_tables:
            return
        absent = {c.split(".")[1] for c in self.world.absent_columns if c.split(".")[0] == name}
        frame = pd.DataFrame({c: v for c, v in columns.items() if c not in absent})
        if len(frame):
            self.lake.write_by_day(name, frame)

    def clock(self, seconds: np.ndarray | pd.Series) -> np.ndarray:
        """Moments at the resolution of the platform's clock."""
        step = self.world.clock_seconds
        return np.floor(np.asarray(seconds, dtype=float) / step) * step

    def late(self, count: int, typical: float) -> np.ndarray:
        """Delays of receipt in seconds; one row in two hundred is late by hours."""
        hours = self.rng.exponential(5 * 3_600.0, count) * (self.rng.random(count) < 0.005)
        return self.rng.exponential(typical, count) + hours + 1.0

    def some(self, values: np.ndarray, share: float) -> np.ndarray:
        """Indices of which a share is unknown, -1."""
        return np.where(self.rng.random(len(values)) < share, -1, values)


def write_rooms(
    delivery: Delivery, operators: Operators, sessions: Sessions, people: People
) -> None:
    """Write `operators`, `sessions` and `accounts`."""
    rng, n = delivery.rng, delivery.world.operators
    kind = np.where(operators.mcn >= 0, 2, rng.integers(0, 2, n))
    delivery.write(
        "operators",
        {
            "operator_id": ids("operator", np.arange(n)),
            "kind": take_labels(["individual", "company", "mcn_member"], kind),
            "registered_at": stamps(operators.registered),
            "identity_verified_at": stamps(operators.registered + rng.exponential(DAY, n)),
            "mcn_id": ids("mcn", operators.mcn),
            "region": take_labels(list(REGIONS), operators.region),
            "category": take_labels(list(TOPICS), operators.topic),
            "received_at": stamps(np.full(n, FIRST_MONDAY - DAY)),
        },
    )
    s = np.arange(sessions.count)
    delivery.write(
        "sessions",
        {
            "session_id": ids("session", s),
            "room_id": ids("room", sessions.operator),
            "operator_id": ids("operator", sessions.operator),
            "category": take_labels(list(TOPICS), operators.topic[sessions.operator]),
            "started_at": stamps(delivery.clock(sessions.start)),
            "ended_at": stamps(delivery.clock(sessions.end)),
            "virtual_host": np.repeat(rng.random(n) < 0.03, 1)[sessions.operator],
            "received_at": stamps(sessions.end + delivery.late(len(s), 60.0)),
        },
    )
    known = np.arange(len(people.topic))
    level = pd.array(people.level, dtype="Int64")
    delivery.write(
        "accounts",
        {
            "account_id": ids("account", known),
            "registered_at": stamps(people.registered),
            "real_name_verified": people.verified,
            "level": level,
            "region": take_labels(list(REGIONS), delivery.some(people.region, 0.05)),
            "referrer_id": ids("account", people.referrer),
            "received_at": stamps(
                np.maximum(people.registered, FIRST_MONDAY - DAY) + delivery.late(len(known), 60.0)
            ),
        },
    )


def complete_views(
    delivery: Delivery, views: pd.DataFrame, sessions: Sessions, people: People
) -> pd.DataFrame:
    """Fill what follows from the account, and draw anonymous views and lost ends."""
    rng, world, n = delivery.rng, delivery.world, len(views)
    views = views.astype({"s": np.int64, "a": np.int64, "src": np.int64, "fake": np.int64})
    a = views["a"].to_numpy()
    from_account = {
        "device": people.device[a],
        "version": people.version[a],
        "region": people.region[a],
        "asn": people.network[a],
    }
    elsewhere = rng.random(n) < 0.03
    from_account["region"] = np.where(
        elsewhere, rng.integers(0, len(REGIONS), n), from_account["region"]
    )
    from_account["asn"] = np.where(
        (rng.random(n) < 0.2) & (from_account["asn"] != 0), 0, from_account["asn"]
    )
    for name, values in from_account.items():
        given = views[name].to_numpy()
        views[name] = np.where(given == -9, values, given).astype(np.int64)
    mobile = views["region"].to_numpy() * 60 + (60 * rng.random(n) ** 2).astype(int)
    lan = 10_000 + people.home[a]
    shared = 3_000_000 + views["region"].to_numpy() * 40 + a % 40
    asn = views["asn"].to_numpy()
    net = np.select([asn == 0, asn == 1], [mobile, lan], shared)
    views["net"] = np.where(views["net"] == -9, net, views["net"]).astype(np.int64)
    views["join"] = delivery.clock(views["join"])
    first = delivery.clock(sessions.start)[views["s"]]
    last = delivery.clock(sessions.end)[views["s"]]
    views["join"] = np.clip(views["join"], first, last)
    left = delivery.clock(views["join"] + np.maximum(views["stay"], 0.3))
    views["left"] = np.minimum(left, last)
    views["received"] = views["left"] + delivery.late(n, 20.0)
    views.loc[rng.random(n) < world.no_leave, "left"] = np.nan
    anonymous = (rng.random(n) < world.anonymous) & (views["src"] == 0)
    views["known_account"] = np.where(anonymous, -1, a)
    views["device"] = delivery.some(views["device"].to_numpy(), 0.02)
    absent = "views.device_id" in world.absent_columns
    views["device"] = -1 if absent else views["device"]
    order = np.lexsort((a, views["join"]))
    return views.iloc[order].reset_index(drop=True)


def write_views(delivery: Delivery, views: pd.DataFrame) -> None:
    """Write `views`."""
    delivery.write(
        "views",
        {
            "session_id": ids("session", views["s"]),
            "account_id": ids("account", views["known_account"]),
            "device_id": ids("device", views["device"]),
            "joined_at": stamps(views["join"]),
            "left_at": stamps(views["left"]),
            "entry_source": take_labels(list(SOURCES), views["src"].to_numpy()),
            "app_version": take_labels(VERSIONS, views["version"].to_numpy()),
            "ip_prefix": ids("ip", views["net"]),
            "asn_kind": take_labels(NETWORKS, views["asn"].to_numpy()),
            "region": take_labels(list(REGIONS), views["region"].to_numpy()),
            "received_at": stamps(views["received"]),
        },
    )


def complete_acts(delivery: Delivery, acts: pd.DataFrame, sessions: Sessions) -> pd.DataFrame:
    """Acts at the clock's resolution, inside their sessions, in order of time."""
    for name in ("s", "a", "kind", "count", "text", "fake"):
        acts[name] = acts[name].astype(np.int64)
    s = acts["s"].to_numpy()
    at = delivery.clock(acts["at"])
    first, last = delivery.clock(sessions.start)[s], delivery.clock(sessions.end)[s]
    acts["at"] = np.where(s >= 0, np.clip(at, first, last), at)
    acts["received"] = acts["at"] + delivery.late(len(acts), 15.0)
    horizon = sessions.end.max() + 3 * DAY
    acts = acts[acts["at"] < horizon]
    return acts.sort_values(["at", "a", "kind"], kind="stable").reset_index(drop=True)


def write_acts(delivery: Delivery, acts: pd.DataFrame) -> None:
    """Write `interactions`."""
    text = np.where(acts["kind"] == COMMENT, acts["text"], -1)
    delivery.write(
        "interactions",
        {
            "session_id": ids("session", acts["s"]),
            "account_id": ids("account", acts["a"]),
            "kind": take_labels(list(KINDS), acts["kind"].to_numpy()),
            "at": stamps(acts["at"]),
            "count": acts["count"].to_numpy(),
            "text_hash": ids("text", text),
            "received_at": stamps(acts["received"]),
        },
    )


def write_links_and_boosts(delivery: Delivery, links: pd.DataFrame, boosts: pd.DataFrame) -> None:
    """Write `room_links` and `boosts`."""
    n = len(links)
    delivery.write(
        "room_links",
        {
            "from_session_id": ids("session", links["s"]),
            "to_session_id": ids("session", links["to"]),
            "kind": take_labels(["raid", "co_stream", "link"], links["kind"].to_numpy()),
            "at": stamps(delivery.clock(links["at"])),
            "viewers_sent": links["sent"].astype(np.int64).to_numpy(),
            "received_at": stamps(links["at"] + delivery.late(n, 10.0)),
        },
    )
    boosts = boosts.drop_duplicates(["s"])
    price = delivery.rng.uniform(0.05, 0.3, len(boosts)) * boosts["views"]
    delivery.write(
        "boosts",
        {
            "session_id": ids("session", boosts["s"]),
            "starts_at": stamps(delivery.clock(boosts["at"])),
            "ends_at": stamps(delivery.clock(boosts["until"])),
            "views_bought": boosts["views"].astype(np.int64).to_numpy(),
            "amount": np.round(price, 2).to_numpy(),
            "received_at": stamps(boosts["at"] + delivery.late(len(boosts), 10.0)),
        },
    )
