"""Evidence from the signals of one entity: against it, in its favour, and unknown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import of_entity
from features.declaration import SESSION
from features.former_names import BY_ANY_NAME, current_name
from serving.dossiers.night_tables import NightTables
from serving.scoring.reasons import PeerMedians, peer_medians, reason

STRATUM_OF = {"session": "sessions", "operator": "operators"}  # tables that name the category


@dataclass(frozen=True)
class PeerSignals:
    """Published signals of all entities of one kind, and the medians of their peers."""

    values: pd.DataFrame
    medians: PeerMedians


@dataclass(frozen=True)
class SignalEvidence:
    """Evidence from the signals of one entity.

    Attributes
    ----------
    against
        Published reasons, the strongest first.
    in_favour
        Signals that are as their peers or better, those that most peers exceed first. Each is a
        reason with `exceeded_by`: the share of entities of its kind that look more suspicious.
    unknown
        Signals without a value: name, zh, en.
    known
        Number of signals with a value.
    """

    against: tuple[dict[str, Any], ...]
    in_favour: tuple[dict[str, Any], ...]
    unknown: tuple[dict[str, str], ...]
    known: int

    @property
    def total(self) -> int:
        """Number of signals of this kind of entity."""
        return self.known + len(self.unknown)


def signal_evidence(tables: NightTables, kind: str, entity_id: str) -> SignalEvidence:
    """Evidence on an operator or a session, from the published tables alone."""
    peers = peer_signals(tables, kind)
    known = (
        peers.values.loc[entity_id].dropna()
        if entity_id in peers.values.index
        else pd.Series(dtype=float)
    )
    unknown = tuple(
        {"signal": s.name, "zh": s.zh.format(value="…"), "en": s.en.format(value="…")}
        for s in of_entity(kind)
        if s.name not in known.index
    )
    favour = _in_favour(peers, entity_id, known)
    return SignalEvidence(_against(tables, kind, entity_id), favour, unknown, len(known))


def read_reasons(text: str | None) -> list[dict[str, Any]]:
    """Reasons of a published row; empty where it has none."""
    return json.loads(text) if text else []


def _against(tables: NightTables, kind: str, entity_id: str) -> tuple[dict[str, Any], ...]:
    """Reasons of all models, those of the model that leads first, each signal once."""
    sql = "SELECT reasons FROM scores WHERE entity_kind = ? AND entity_id = ? ORDER BY leads DESC"
    found: dict[str, dict[str, Any]] = {}
    for row in tables.rows(sql, kind, entity_id):
        for one in read_reasons(row["reasons"]):
            found.setdefault(one["signal"], one)
    return tuple(found.values())


def peer_signals(tables: NightTables, kind: str) -> PeerSignals:
    """Signals of all entities of a kind, which a night makes once."""
    found: PeerSignals = tables.once(f"peers {kind}", lambda: _peer_signals(tables, kind))
    return found


def _peer_signals(tables: NightTables, kind: str) -> PeerSignals:
    """Signals of all entities of a kind as one column a signal."""
    sql = "SELECT entity_id, signal, value FROM signals WHERE entity_kind = ?"
    long = tables.frame(sql, kind)
    long["signal"] = long["signal"].map(current_name)
    values = long.pivot(index="entity_id", columns="signal", values="value")
    key = "session_id" if kind == SESSION else "operator_id"
    stratum = tables.frame(f"SELECT {key}, category FROM {STRATUM_OF[kind]}")
    category = stratum.dropna().drop_duplicates(key).set_index(key)["category"].astype(object)
    return PeerSignals(values, peer_medians(values, category if len(category) else None))


def _in_favour(peers: PeerSignals, entity_id: str, known: pd.Series) -> tuple[dict[str, Any], ...]:
    """Known signals that speak for an entity (`Signal.speaks_for`)."""
    found = []
    for name, value in known.items():
        signal = BY_ANY_NAME.get(str(name))
        median = None if signal is None else peers.medians.median(entity_id, signal.name)
        if signal is None or median is None or not signal.speaks_for(float(value), median):
            continue
        others = peers.values[str(name)].to_numpy(dtype=float)
        others = others[np.isfinite(others)]
        worse = others > value if signal.direction > 0 else others < value
        words = reason(signal.name, float(value), median, 0.0)
        found.append(words | {"exceeded_by": float(worse.mean())})
    return tuple(sorted(found, key=lambda r: (-r["exceeded_by"], r["signal"])))
