"""The lake and the truth of the watched rooms."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.families.delivery import (
    clocked,
    hidden,
    ids,
    received,
    write_inbound,
    write_truth,
)
from simulation.families.verdict_draws import draw_verdicts
from simulation.families.watched_rooms.settings import (
    FIRST_BOT,
    KINDS,
    SCHEMES,
    Rooms,
)
from simulation.identifiers import DAY, MINUTE, take_labels, to_timestamps

ROUNDED_FROM = 10_000.0  # viewers, of which only hundreds are shown
MEASURES = ("views", "likes", "follows", "orders")


def write_tables(rooms: Rooms, lake: Path, truth: Path) -> None:
    """Write what the collector delivers, the verdicts and the truth."""
    joins, acts = rooms.joins.joined(), rooms.acts.joined()
    windows = np.arange(len(rooms.room))
    end = rooms.start + rooms.length
    sessions = {
        "session_id": _id(rooms, "session", windows),
        "room_id": _id(rooms, "room", rooms.room),
        "operator_id": _id(rooms, "operator", rooms.operator),
        "started_at": to_timestamps(rooms.start),
        "ended_at": to_timestamps(end),
    }
    write_inbound(lake, "sessions", sessions, end + 60.0, rooms.p.until)
    if rooms.p.joins_seen:
        _write_views(rooms, joins, lake)
    if rooms.p.minutes_seen:
        _write_minutes(rooms, joins, lake)
    if rooms.p.kinds:
        _write_acts(rooms, acts, lake)
    counts = _counts(rooms, joins, acts)
    _write_outcomes(rooms, counts, lake)
    _write_truths(rooms, joins, acts, truth=truth, counts=counts)


def _id(rooms: Rooms, kind: str, index: np.ndarray | pd.Series) -> pa.Array:
    return ids(kind, np.asarray(index), rooms.p.seed)


def _account(rooms: Rooms, joins: pd.DataFrame) -> pa.Array:
    """Accounts of joins as they are delivered: by seed some are anonymous."""
    again = np.random.default_rng([rooms.p.seed, len(joins)])
    mask = again.random(len(joins)) < rooms.p.anonymous_share
    return hidden(_id(rooms, "account", joins["account"]), mask)


def _time(rooms: Rooms, seconds: np.ndarray | pd.Series) -> pa.Array:
    return to_timestamps(clocked(np.asarray(seconds, dtype=float), rooms.p.clock_seconds))


def _write_views(rooms: Rooms, joins: pd.DataFrame, lake: Path) -> None:
    left = np.where(rooms.p.leaves_seen, joins["left"], np.nan)
    columns = {
        "session_id": _id(rooms, "session", joins["window"]),
        "account_id": _account(rooms, joins),
        "joined_at": _time(rooms, joins["at"]),
        "left_at": _time(rooms, left),
    }
    at = np.fmax(joins["at"], left) + 5.0
    write_inbound(lake, "views", columns, at, rooms.p.until)


def _write_minutes(rooms: Rooms, joins: pd.DataFrame, lake: Path) -> None:
    """Viewers at the end of each minute, sometimes stale, rounded where they are many."""
    r, minutes = rooms.r, rooms.p.window_minutes
    window = np.repeat(np.arange(len(rooms.room)), minutes)
    minute = np.tile(np.arange(minutes), len(rooms.room))
    moment = rooms.start[window] + (minute + 1) * MINUTE
    of = rooms.room[joins["window"].to_numpy()]
    at, left = joins["at"].to_numpy(), joins["left"].to_numpy()
    viewers = np.zeros(len(window))
    for k in range(rooms.p.rooms):
        mine = rooms.room[window] == k
        a, b = np.sort(at[of == k]), np.sort(left[of == k])
        when = moment[mine] - 0.001
        viewers[mine] = np.searchsorted(a, when, "right") - np.searchsorted(b, when, "right")
    stale = (r.random(len(window)) < r.uniform(0, 0.1)) & (minute > 0)
    viewers[stale] = np.roll(viewers, 1)[stale]
    viewers = np.where(viewers > ROUNDED_FROM, np.round(viewers, -2), viewers)
    lost = r.random(len(window)) < r.choice([0.0, 0.0, 0.05])
    columns = {
        "session_id": _id(rooms, "session", window[~lost]),
        "minute": pa.array(minute[~lost].astype(np.int64)),
        "viewers": pa.array(viewers[~lost]),
    }
    write_inbound(lake, "room_minutes", columns, moment[~lost] + 2.0, rooms.p.until)


def _write_acts(rooms: Rooms, acts: pd.DataFrame, lake: Path) -> None:
    columns = {
        "session_id": _id(rooms, "session", acts["window"]),
        "account_id": _id(rooms, "account", acts["account"]),
        "kind": take_labels(list(KINDS), acts["kind"].to_numpy()),
        "at": _time(rooms, acts["at"]),
        "count": pa.array(acts["count"].to_numpy(dtype=np.int64)),
    }
    at = received(rooms.r, acts["at"].to_numpy(), median=3.0, sigma=0.5, late=0.0)
    write_inbound(lake, "interactions", columns, at, rooms.p.until)


def _counts(rooms: Rooms, joins: pd.DataFrame, acts: pd.DataFrame) -> pd.DataFrame:
    """Totals and false ones of each window, with the schemes joined by +."""
    n = len(rooms.room)
    rows: dict[str, np.ndarray] = {}
    likes, follows = (acts[acts["kind"] == KINDS.index(k)] for k in ("like", "follow"))
    for measure, part, weight in (
        ("views", joins, np.ones(len(joins))),
        ("likes", likes, likes["count"].to_numpy()),
        ("follows", follows, np.ones(len(follows))),
        ("orders", joins[:0], np.zeros(0)),
    ):
        false = weight * (part["scheme"] > 0).to_numpy()
        for name, w in ((measure, weight), (f"false_{measure}", false)):
            rows[name] = np.bincount(part["window"], w, minlength=n).astype(np.int64)
    both = pd.concat([joins, acts])[["window", "scheme"]]
    used = both[both["scheme"] > 0].groupby("window")["scheme"].unique()
    names = {w: "+".join(sorted(SCHEMES[k] for k in x)) for w, x in used.items()}
    return pd.DataFrame(rows).assign(scheme=[names.get(k, "") for k in range(n)])


def _write_outcomes(rooms: Rooms, counts: pd.DataFrame, lake: Path) -> None:
    """Verdicts on windows; a patrol sees how full they are."""
    table = pd.DataFrame({"entity": np.arange(len(counts)), "typology": "view_fraud"})
    table = table.assign(
        entity_kind="session",
        false=(counts["scheme"] != "").to_numpy(),
        oddity=counts["views"] / (1.0 + rooms.audience[rooms.room]),
        ended=rooms.start + rooms.length + DAY,
    )
    found = draw_verdicts(rooms.r, rooms.p.verdicts, table, rooms.p.until)
    if found.empty:
        return
    decided = found["decided"].to_numpy()
    columns = {
        "entity_kind": pa.array(found["entity_kind"]),
        "entity_id": _id(rooms, "session", found["entity"]),
        "typology": pa.array(found["typology"]),
        "verdict": pa.array(found["verdict"]),
        "decided_at": to_timestamps(decided),
        "source": pa.array(found["source"]),
    }
    write_inbound(lake, "outcomes", columns, decided + 3_600.0, rooms.p.until)


def _write_truths(
    rooms: Rooms, joins: pd.DataFrame, acts: pd.DataFrame, *, truth: Path, counts: pd.DataFrame
) -> None:
    windows = np.arange(len(rooms.room))
    numbers = {f"{p}{m}": pa.array(counts[f"{p}{m}"]) for m in MEASURES for p in ("", "false_")}
    sessions = {
        "session_id": _id(rooms, "session", windows),
        "operator_id": _id(rooms, "operator", rooms.operator),
        "scheme": pa.array(counts["scheme"], pa.string()),
    }
    write_truth(truth, "sessions", sessions | numbers)
    _write_operators(rooms, counts, truth)
    false = joins[joins["scheme"] > 0]
    if rooms.p.joins_seen:
        accounts = _account(rooms, joins).filter(pa.array((joins["scheme"] > 0).to_numpy()))
        views = {
            "session_id": _id(rooms, "session", false["window"]),
            "account_id": accounts,
            "device_id": pa.nulls(len(false), pa.string()),
            "joined_at": _time(rooms, false["at"]),
            "scheme": take_labels(list(SCHEMES), false["scheme"].to_numpy()),
        }
        write_truth(truth, "views", views)
    bad = acts[acts["scheme"] > 0]
    interactions = {
        "session_id": _id(rooms, "session", bad["window"]),
        "account_id": _id(rooms, "account", bad["account"]),
        "at": _time(rooms, bad["at"]),
        "kind": take_labels(list(KINDS), bad["kind"].to_numpy()),
        "count": pa.array(bad["count"].to_numpy(dtype=np.int64)),
        "scheme": take_labels(list(SCHEMES), bad["scheme"].to_numpy()),
    }
    write_truth(truth, "interactions", interactions)
    bots = np.unique(false["account"])
    bots = bots[bots >= FIRST_BOT]
    accounts = {
        "account_id": _id(rooms, "account", bots),
        "kind": pa.array(["bot"] * len(bots), pa.string()),
    }
    write_truth(truth, "accounts", accounts)
    tagged = np.array([w for w, _ in rooms.tags], dtype=np.int64)
    lookalikes = {
        "operator_id": _id(rooms, "operator", rooms.operator[tagged]),
        "session_id": _id(rooms, "session", tagged),
        "tag": pa.array([tag for _, tag in rooms.tags], pa.string()),
    }
    write_truth(truth, "lookalikes", lookalikes)
    world = json.dumps(dataclasses.asdict(rooms.p), indent=1, sort_keys=True)
    (truth / "world.json").write_text(world + "\n", encoding="utf-8")


def _write_operators(rooms: Rooms, counts: pd.DataFrame, truth: Path) -> None:
    found = counts.assign(operator=rooms.operator, start=rooms.start)
    by = found.groupby("operator")
    engaged = by[["false_likes", "false_follows"]].sum().sum(axis=1).to_numpy() > 0
    viewed = by["false_views"].sum().to_numpy() > 0
    cheats = engaged | viewed
    named = [
        "+".join(sorted({s for text in part for s in text.split("+") if s}))
        for _, part in by["scheme"]
    ]
    first = found[found["scheme"] != ""].groupby("operator")["start"].min()
    index = by.size().index
    operators = {
        "operator_id": _id(rooms, "operator", index.to_numpy()),
        "scheme": pa.array(named, pa.string()),
        "role": pa.array(np.where(cheats, "cheat", "honest").tolist()),
        "cheats_views": pa.array(viewed),
        "cheats_engagement": pa.array(engaged),
        "cheats_orders": pa.array(np.zeros(len(index), dtype=bool)),
        "first_at": to_timestamps(first.reindex(index).to_numpy(dtype=float)),
    }
    write_truth(truth, "operators", operators)
