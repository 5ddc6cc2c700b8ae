"""Frames of a simulated world: signals of its entities with planted truth.

The truth lies beside a lake and never inside it. It teaches the prior alone; models of a platform
learn from verdicts (ADR-0062).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from features import catalogue
from features.declaration import ACCOUNT, KEY, OPERATOR, ORDER, SESSION, VIEW
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.signal_types import Signal
from features.signals.peer_deviation import (
    FIRST_ORDER_SIGNALS,
    score_sessions,
    session_anomaly_scores,
)
from features.signals.sessions.own_level import SUFFIX
from training.dataset.sampling import sample_by_hash, sample_views
from training.prior.planted_truth import PLANTED

MAX_ENTITIES = {SESSION: 2500, ORDER: 6000, OPERATOR: 100_000, ACCOUNT: 6000}
MAX_VIEWS_PER_SESSION = 60
MAX_SESSIONS_OF_VIEWS = 200
SESSION_WINDOW, ORDER_WINDOW = timedelta(days=14), timedelta(days=9)
ANOMALY_SCORES = {
    "session_view_anomaly_score": "view_score",
    "session_engagement_anomaly_score": "engagement_score",
}
TYPOLOGIES = {
    SESSION: ("view_fraud", "engagement_fraud"),
    VIEW: ("fraud",),
    ORDER: ("fraud",),
    OPERATOR: ("fraud",),
    ACCOUNT: ("fraud",),
}


@dataclass(frozen=True)
class WorldFrame:
    """Entities of one kind of one world.

    Attributes
    ----------
    family, world
        Names of the family and of the world.
    entity
        Kind of entity.
    signals
        Signals, index entity id.
    owner
        Operator of each entity; None where unknown.
    targets
        Truth by typology: 1, 0 or NaN (left out), index as `signals`.
    shares
        True false share of views, likes and follows; of sessions.
    scheme
        Scheme planted, empty for none; for the tables of a page.
    """

    family: str
    world: str
    entity: str
    signals: pd.DataFrame
    owner: np.ndarray | None
    targets: pd.DataFrame
    shares: pd.DataFrame
    scheme: pd.Series

    @property
    def any_fraud(self) -> np.ndarray:
        """1 where any typology is planted, 0 where all are known not to be, else NaN."""
        t = self.targets.to_numpy(dtype=float)
        clean = (t == 0).all(axis=1)
        return np.where((t == 1).any(axis=1), 1.0, np.where(clean, 0.0, np.nan))

    def without_tables(self, tables: set[str], keep_owner: bool = True) -> WorldFrame:
        """The frame of the same world had it not delivered some tables.

        A signal is unknown that rests on a table that is not delivered. Anomaly scores of sessions
        are computed again from the signals that are left (ADR-0306).
        """
        declared = catalogue.of_entity(self.entity)
        lost = [s.name for s in declared if tables_behind(s) & tables]
        signals = self.signals.copy()
        signals[[c for c in lost if c in signals]] = np.nan
        scored = [n for n in ANOMALY_SCORES if n in signals]
        if tables and scored:
            known = signals.reindex(columns=[s.name for s in FIRST_ORDER_SIGNALS])
            scores = score_sessions(known).set_index("session_id")
            signals[scored] = scores[[ANOMALY_SCORES[n] for n in scored]]
        return replace(self, signals=signals, owner=self.owner if keep_owner else None)

    def write(self, path: Path) -> None:
        """Write the frame as one Parquet file."""
        owner = pd.Series(self.owner, self.signals.index, dtype=object)
        table = pd.concat(
            [
                self.signals,
                self.targets.add_prefix("target:"),
                self.shares.add_prefix("share:"),
                pd.DataFrame({"owner": owner, "scheme": self.scheme}),
            ],
            axis=1,
        )
        named = pa.Table.from_pandas(table).replace_schema_metadata(None)
        kept = {"family": self.family, "world": self.world, "entity": self.entity}
        pq.write_table(named.replace_schema_metadata(kept | {"key": KEY[self.entity]}), path)


def tables_behind(signal: Signal) -> set[str]:
    """Tables on which a signal rests, those of the signals that it is made from included."""
    needed = signal.source.needs if signal.source else ()
    read = set(signal.reads).union(*(d.reads for d in needed))
    if signal.name.endswith(SUFFIX):
        return read | tables_behind(catalogue.BY_NAME[signal.name.removesuffix(SUFFIX)])
    if signal.entity == OPERATOR and session_anomaly_scores in needed:
        made_from = [s for s in FIRST_ORDER_SIGNALS if s.typology == signal.typology]
        return read.union(*(s.reads for s in made_from))
    return read


def read_frame(path: Path) -> WorldFrame:
    """A frame as `WorldFrame.write` wrote it."""
    read = pq.read_table(path)
    said = {k.decode(): v.decode() for k, v in read.schema.metadata.items()}
    table = read.to_pandas().set_index(said["key"])
    targets = table.filter(regex="^target:").rename(columns=lambda c: c.removeprefix("target:"))
    shares = table.filter(regex="^share:").rename(columns=lambda c: c.removeprefix("share:"))
    signals = table.drop(columns=["owner", "scheme"]).filter(regex="^(?!target:|share:)")
    owner = table["owner"].to_numpy(dtype=object)
    return WorldFrame(
        said["family"],
        said["world"],
        said["entity"],
        signals,
        owner if table["owner"].notna().any() else None,
        targets,
        shares,
        table["scheme"],
    )


def frames_of(
    lake: Path, truth: Path, family: str, entities: Sequence[str] = tuple(TYPOLOGIES)
) -> list[WorldFrame]:
    """Frames of a world at a moment two days after its last session or order.

    Parameters
    ----------
    lake, truth
        Folders of the lake and of its truth.
    family
        Name of the family.
    entities
        Kinds of entities; those that the lake does not show are left out.
    """
    with Snapshot.open(Lake.open(lake), last_moment(lake)) as tables:
        found = [_frame(tables, truth, family, lake.name, entity) for entity in entities]
    return [f for f in found if f is not None]


def last_moment(lake: Path) -> datetime:
    """Midnight, two days after the last session ended or the last order was placed."""
    ends = []
    for name, column in (("sessions", "ended_at"), ("orders", "placed_at")):
        for path in Lake.open(lake).files(name):
            ends.append(
                pd.Timestamp(pq.read_table(path, columns=[column])[column].to_pandas().max())
            )
    last = max(e for e in ends if not pd.isna(e))
    return (last + timedelta(days=2)).normalize().to_pydatetime().replace(tzinfo=None)


def _frame(
    tables: Snapshot, truth: Path, family: str, world: str, entity: str
) -> WorldFrame | None:
    """One kind of entity of a world; None where the lake or the truth does not show it."""
    planted = PLANTED[entity]
    ids = _entities(tables, entity)
    if ids is not None and not ids:
        return None
    declared = catalogue.of_entity(entity)
    signals = compute(tables, declared, entity, ids)
    if entity == VIEW and len(signals):
        signals = signals[sample_views(signals.index, MAX_VIEWS_PER_SESSION)]
    if signals.empty:
        return None
    found = planted(tables, truth, signals.index)
    if found is None:
        return None
    targets, shares, scheme = found
    owner = None
    if entity in (SESSION, ORDER):
        table = tables["sessions" if entity == SESSION else "orders"]
        named = table.select(KEY[entity], "operator_id").to_pandas().drop_duplicates(KEY[entity])
        owner = named.set_index(KEY[entity])["operator_id"].reindex(signals.index).to_numpy()
    return WorldFrame(family, world, entity, signals, owner, targets, shares, scheme)


def _entities(tables: Snapshot, entity: str) -> list[str] | None:
    """Sample of the entities of the last weeks; None for all that any signal knows."""
    if entity in (SESSION, VIEW):
        if "sessions" not in tables or (entity == VIEW and "views" not in tables):
            return []
        s = tables["sessions"]
        recent = s.filter(s.received_at >= tables.as_of - SESSION_WINDOW).session_id.to_pandas()
        most = MAX_ENTITIES[SESSION] if entity == SESSION else MAX_SESSIONS_OF_VIEWS
        return sorted(sample_by_hash(set(recent), most))
    if entity == ORDER:
        if "orders" not in tables:
            return []
        o = tables["orders"]
        recent = o.filter(o.received_at >= tables.as_of - ORDER_WINDOW).order_id.to_pandas()
        return sorted(sample_by_hash(set(recent), MAX_ENTITIES[ORDER]))
    if entity == ACCOUNT:
        if "views" not in tables and "orders" not in tables:
            return []
        parts = [
            tables[name].select(account_id=column).distinct().to_pandas()["account_id"].dropna()
            for name, column in (("views", "account_id"), ("orders", "buyer_id"))
            if name in tables
        ]
        return sorted(sample_by_hash(set(pd.concat(parts)), MAX_ENTITIES[ACCOUNT]))
    return None
