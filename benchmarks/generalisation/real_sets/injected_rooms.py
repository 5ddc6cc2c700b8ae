"""Real rooms in windows, with bots of our own in a part of them; nothing else is made up.

A window counts as a session of an operator of its own. The acts are joins, follows and shares of
one live room, by account and time; the minutes are viewers and chat of four broadcasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_contracts.adapters import ADAPTERS

Tables = dict[str, pd.DataFrame]
ROOM_WINDOW, CHAT_WINDOW_MINUTES = pd.Timedelta(minutes=10), 15
STEP_SECONDS, FLASH_SECONDS, WINDOW_SECONDS = 60.0, 5.0, 600.0
DAY = pd.Timestamp("2021-12-28")


@dataclass(frozen=True)
class Injection:
    """Bots of one shape: `size` is their number as a share of the real, `share` of the windows."""

    shape: str
    size: float
    share: float

    @property
    def name(self) -> str:
        """Words for a row."""
        return f"{self.shape} of +{self.size:.0%} in {self.share:.0%} of the windows"


SHAPES = (
    ("steps", 0.2),
    ("steps", 0.5),
    ("steps", 1.0),
    ("flash", 0.5),
    ("ramp", 0.5),
    ("pool", 0.5),
)
ROOM_INJECTIONS = tuple(Injection(s, size, share) for s, size in SHAPES for share in (0.5, 0.1))
CHAT_INJECTIONS = tuple(Injection("steps", size, 0.5) for size in (0.5, 1.0))
HONEST = Injection("nothing", 0.0, 0.0)


def live_room(data: Path, injection: Injection, seed: int = 7) -> tuple[Tables, set[str]]:
    """Contract tables of the windows of a real room, and the sessions that got bots."""
    acts = pd.read_parquet(data / "live_rooms" / "acts.parquet")
    first = acts["at"].min()
    acts["window"] = (acts["at"] - first) // ROOM_WINDOW
    acts["session_id"] = "window-" + acts["window"].astype(str)
    rng = np.random.default_rng(seed)
    names = sorted(acts["session_id"].unique())
    hit = set(rng.permutation(names)[: round(injection.share * len(names))])
    start = first + ROOM_WINDOW * acts.groupby("session_id")["window"].first()
    joins = acts[acts["kind"] == "join"]
    parts = [joins[["session_id", "account", "at"]]]
    for name in sorted(hit):
        many = round(injection.size * (joins["session_id"] == name).sum())
        parts.append(_bots(name, start[name], many, injection.shape, rng))
    views = pd.concat(parts, ignore_index=True).rename(
        columns={"account": "account_id", "at": "joined_at"}
    )
    others = acts[acts["kind"] != "join"]
    interactions = pd.DataFrame(
        {
            "session_id": others["session_id"],
            "account_id": others["account"],
            "kind": others["kind"],
            "at": others["at"],
            "count": 1,
            "received_at": others["at"],
        }
    )
    sessions = pd.DataFrame(
        {"session_id": start.index, "room_id": start.index, "operator_id": start.index}
    )
    sessions["started_at"] = start.to_numpy()
    sessions["ended_at"] = sessions["received_at"] = (start + ROOM_WINDOW).to_numpy()
    views["received_at"] = views["joined_at"]
    return {"sessions": sessions, "views": views, "interactions": interactions}, hit


def _bots(
    session: str, start: pd.Timestamp, many: int, shape: str, rng: np.random.Generator
) -> pd.DataFrame:
    """Joins of bots: at once, within a minute, ever more often, or evenly from one pool."""
    begin = rng.uniform(0, WINDOW_SECONDS - STEP_SECONDS)
    seconds = {
        "steps": begin + rng.uniform(0, STEP_SECONDS, many),
        "flash": begin + rng.uniform(0, FLASH_SECONDS, many),
        "ramp": WINDOW_SECONDS * np.sqrt(rng.uniform(0, 1, many)),
        "pool": rng.uniform(0, WINDOW_SECONDS, many),
    }[shape]
    of = "pool" if shape == "pool" else session
    return pd.DataFrame(
        {
            "session_id": session,
            "account": [f"bot-{of}-{i}" for i in range(many)],
            "at": start + pd.to_timedelta(np.sort(seconds), unit="s"),
        }
    )


def chat_minutes(data: Path, injection: Injection, seed: int = 7) -> tuple[Tables, set[str]]:
    """Contract tables of windows of Twitch broadcasts, and those whose viewers got bots."""
    tables = ADAPTERS["twitch-chat"](data / "twitch_chat_minutes")
    minutes, chat = tables["room_minutes"], tables["interactions"]
    minutes["window"] = minutes["minute"] // CHAT_WINDOW_MINUTES
    begun = tables["sessions"].set_index("session_id")["started_at"]
    length = pd.Timedelta(minutes=CHAT_WINDOW_MINUTES)
    counts = minutes.groupby(["session_id", "window"]).size()
    whole = counts[counts >= CHAT_WINDOW_MINUTES - 3].reset_index()
    start = begun.reindex(whole["session_id"]).to_numpy() + whole["window"].to_numpy() * length
    names = whole["session_id"] + "-" + whole["window"].astype(str)
    sessions = pd.DataFrame({"session_id": names, "room_id": names, "operator_id": names})
    sessions["started_at"] = start
    sessions["ended_at"] = sessions["received_at"] = start + length
    rng = np.random.default_rng(seed)
    hit = set(rng.permutation(names)[: round(injection.share * len(names))])
    minutes["session_id"] = minutes["session_id"] + "-" + minutes["window"].astype(str)
    minutes = minutes[minutes["session_id"].isin(names)]
    minutes["minute"] %= CHAT_WINDOW_MINUTES
    for name in sorted(hit):
        mine = minutes["session_id"] == name
        late = mine & (minutes["minute"] >= rng.integers(4, CHAT_WINDOW_MINUTES - 4))
        minutes.loc[late, "viewers"] += injection.size * minutes.loc[mine, "viewers"].mean()
    offset = chat["at"] - begun.reindex(chat["session_id"]).to_numpy()
    chat["session_id"] = chat["session_id"] + "-" + (offset // length).astype(str)
    return {
        "sessions": sessions,
        "room_minutes": minutes.drop(columns="window"),
        "interactions": chat[chat["session_id"].isin(names)],
    }, hit
