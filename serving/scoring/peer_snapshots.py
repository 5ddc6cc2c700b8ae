"""Peer snapshots: the peer baselines of a night, published so that a score can be recomputed.

The live model has no sessions to compare a running session with. It uses those of the last night.
"""

from __future__ import annotations

import json
from pathlib import Path

from data_contracts.verification.published_run import PublishedRun
from features.declaration import SESSION
from features.former_names import BY_ANY_NAME
from features.peers.baseline_fit import MIN_PEERS
from features.peers.comparison import Comparison, compare, from_json
from serving.scoring.entity_scores import EntityScores
from serving.scoring.nightly_models import LIVE_MODEL
from training.models.registry import BY_NAME

FILE = "yardsticks.json"  # a published name


def peer_snapshots(scored: dict[str, EntityScores]) -> dict[str, Comparison]:
    """Peers of a night, by the model that uses them; none for too few entities."""
    out = {}
    for s in scored.values():
        if s.release is not None and s.release.trees.peers is not None:
            out[s.release.model.name] = s.release.trees.peers.without_owners()
    live = BY_NAME[LIVE_MODEL]
    sessions = scored[SESSION].context.compared if SESSION in scored else None
    if sessions is not None and len(sessions) >= MIN_PEERS:
        values = sessions[live.columns].to_numpy()
        out[LIVE_MODEL] = compare(live.signals, values, live.size_signals)
    return out


def write_peer_snapshots(folder: Path, scored: dict[str, EntityScores]) -> None:
    """Write the peers of a night into its folder."""
    named = {name: peers.as_json() for name, peers in sorted(peer_snapshots(scored).items())}
    (folder / FILE).write_text(json.dumps(named, sort_keys=True), "utf-8")


def read_peer_snapshots(run: PublishedRun) -> dict[str, Comparison]:
    """Peers of a published night; none from versions without ranks."""
    published = run.json(FILE) or {}
    return {
        name: from_json(BY_ANY_NAME, given) for name, given in published.items() if "ranks" in given
    }
