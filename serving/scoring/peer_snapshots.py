"""What a night's entities show, by which its models compared: kept beside its tables, so that one score can be worked out again alone.

A day of a small platform has too few sessions to show what is usual in each stratum of size, so some of the days before are added. The live model has no sessions to compare a running one with; it takes those of the last night.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from features import catalogue
from features.declaration import SESSION
from features.engine.snapshot import Snapshot
from features.peers.baseline import PeerBaseline, from_json
from features.peers.baseline_fit import MIN_PEERS, fit_trimmed
from serving.scoring.nightly_scores import Scored
from training.dataset.replay import by_name
from training.models.registry import BY_NAME

FILE, LIVE = "yardsticks.json", "session_inflation_live"
STEADY, SINCE = (
    1000,
    timedelta(days=14),
)  # sessions that are enough to compare with, and of which days they are


def usual_sessions(tables: Snapshot, as_of: datetime, tonight: list[str]) -> list[str]:
    """Sessions of two weeks to compare tonight's with beside one another, until there are `STEADY`: chosen by their names."""
    if len(tonight) >= STEADY:
        return []
    s = tables["sessions"]
    ids = set(s.filter(s.received_at >= as_of - SINCE).session_id.to_pandas()) - set(tonight)
    return by_name(ids, STEADY - len(tonight))


def made(scored: dict[str, Scored]) -> dict[str, PeerBaseline]:
    """Yardsticks of a night by the name of the model that reads them; none where the night had too few entities."""
    out = {}
    for s in scored.values():
        if s.released is not None and s.released.trees.peers is not None:
            out[s.released.model.name] = s.released.trees.peers
    live = BY_NAME[LIVE]
    sessions = scored[SESSION].beside.usual if SESSION in scored else None
    if (
        LIVE not in out and sessions is not None and len(sessions) >= MIN_PEERS
    ):  # it may have stood in for the nightly one
        out[LIVE] = fit_trimmed(live.signals, sessions[live.columns].to_numpy(), live.size)
    return out


def write(folder: Path, scored: dict[str, Scored]) -> None:
    """Write a night's yardsticks into its folder."""
    named = {name: peers.as_json() for name, peers in sorted(made(scored).items())}
    (folder / FILE).write_text(json.dumps(named, sort_keys=True), "utf-8")


def read(folder: Path) -> dict[str, PeerBaseline]:
    """Yardsticks of a published night; none where it kept none, or kept them as earlier versions did, without ranks."""
    path = folder / FILE
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {
        name: from_json(catalogue.BY_NAME, given)
        for name, given in kept.items()
        if "ranked" in given
    }
