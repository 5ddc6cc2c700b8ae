"""Peer snapshots: the peer baselines of a night, published so that a score can be recomputed.

The live model has no sessions to compare a running session with. It uses those of the last night.
"""

from __future__ import annotations

import json
from pathlib import Path

from features.declaration import SESSION
from features.former_names import BY_ANY_NAME
from features.peers.baseline import PeerBaseline, from_json
from features.peers.baseline_fit import MIN_PEERS, fit_trimmed
from serving.scoring.entity_scores import EntityScores
from training.models.registry import BY_NAME

FILE = "yardsticks.json"  # a published name
LIVE_MODEL = "session_inflation_live"


def peer_snapshots(scored: dict[str, EntityScores]) -> dict[str, PeerBaseline]:
    """Peer baselines of a night, by the model that uses them; none for too few entities."""
    out = {}
    for s in scored.values():
        if s.release is not None and s.release.trees.peers is not None:
            out[s.release.model.name] = s.release.trees.peers
    live = BY_NAME[LIVE_MODEL]
    sessions = scored[SESSION].context.compared if SESSION in scored else None
    # the live model may have been the night's substitute
    if LIVE_MODEL not in out and sessions is not None and len(sessions) >= MIN_PEERS:
        out[LIVE_MODEL] = fit_trimmed(
            live.signals, sessions[live.columns].to_numpy(), live.size_signal
        )
    return out


def write_peer_snapshots(folder: Path, scored: dict[str, EntityScores]) -> None:
    """Write the peer baselines of a night into its folder."""
    named = {name: peers.as_json() for name, peers in sorted(peer_snapshots(scored).items())}
    (folder / FILE).write_text(json.dumps(named, sort_keys=True), "utf-8")


def read_peer_snapshots(folder: Path) -> dict[str, PeerBaseline]:
    """Peer baselines of a published night; none from versions without tail probabilities."""
    path = folder / FILE
    published = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {
        name: from_json(BY_ANY_NAME, given)
        for name, given in published.items()
        if "tail_probabilities" in given
    }
