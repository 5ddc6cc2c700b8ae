"""Training frames: the night's own computation, replayed at weekly moments.

An order is scored while it is up to a week old. So that the model learns it at the ages at which it will meet it, the
signals are computed as of each week's end for what was received in that week: the same code and the same cut by time
as the night's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from data_contracts.lake import Lake, LakeOrFolder
from features.catalogue import signals_named
from features.declaration import OPERATOR, SESSION, VIEW
from features.engine.compute import compute
from features.engine.kernel_runner import run_kernels
from features.engine.minute_arrays import minutes_frame, ragged
from features.engine.snapshot import Snapshot
from features.engine.tables import LOOKBACK
from features.peers.baseline import PeerBaseline
from features.peers.baseline_fit import MIN_PEERS, fit_trimmed
from features.ring_discovery import find_rings
from features.signals.peer_deviation import session_deviances, signals_of
from training.dataset.labels import entity_moments, operator_verdicts, verdicts
from training.declaration import Model

WEEK = timedelta(days=7)
Fortnights = dict[
    datetime, pd.DataFrame
]  # by moment, how far its fortnight's sessions lie out: half of a night's work, and the same for each model
PEERS = 2000  # entities of a night that show what is usual
VIEWS = 300  # of a session teach: half of all views of sessions that were found inflated lie in a dozen large rooms


@dataclass(frozen=True)
class Dataset:
    """Signals (float64 frame), labels (confirmed, audited, typology; of operators accused), the moment, group, night and entity of each row.

    Rows of one group (an operator, with the operators that its buyers' rings tie to it) never lie on both sides of
    a split. `peers`: for models that compare, signals of entities of each night as they come, judged or not, by its moment.
    """

    signals: pd.DataFrame
    labels: pd.DataFrame
    received: pd.Series
    group: pd.Series
    night: pd.Series
    entity: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    peers: dict[pd.Timestamp, pd.DataFrame] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.signals)

    def yardsticks(
        self, columns: list[str], size: str | None, rare: bool = False
    ) -> dict[pd.Timestamp, PeerBaseline]:
        """What peers show by night, also of how `rare` values are; those of all nights together where a night has too few."""
        key = (tuple(columns), size, rare)
        if key not in self._known:
            pooled = pd.concat(list(self.peers.values())) if self.peers else self.signals
            few = fit_trimmed(signals_named(columns), pooled[columns].to_numpy(), size, rare)
            of = {n: p for n, p in self.peers.items() if len(p) >= MIN_PEERS}
            nights = pd.to_datetime(self.night).unique()
            self._known[key] = {
                n: fit_trimmed(signals_named(columns), of[n][columns].to_numpy(), size, rare)
                if n in of
                else few
                for n in nights
            }
        return self._known[key]

    @cached_property
    def _known(
        self,
    ) -> dict[tuple[tuple[str, ...], str | None, bool], dict[pd.Timestamp, PeerBaseline]]:
        return {}


def week_ends(first: pd.Timestamp, until: datetime) -> list[datetime]:
    """Moments a week apart, the last at `until`."""
    moments, at = [], until
    while at > first:
        moments.append(at)
        at -= WEEK
    return moments[::-1]


def tied_operators(tables) -> dict[str, str]:
    """Operator → group: operators whose buyers belong to one ring are one group."""
    if "orders" not in tables:
        return {}
    rings = find_rings(tables)
    buyers = tables["orders"].select("operator_id", account_id="buyer_id").distinct().to_pandas()
    met = rings.members.merge(buyers, on="account_id")
    counts = met.groupby(["ring_id", "operator_id"]).size()
    met = counts[counts >= 3].reset_index()  # three members of a ring: not one who happened to pass
    parent: dict[str, str] = {}

    def root(x: str) -> str:
        while parent.setdefault(x, x) != x:
            x = parent[x]
        return x

    for _, ring in met.groupby("ring_id"):
        first, *others = sorted(ring["operator_id"])
        for other in others:
            a, b = sorted((root(first), root(other)))
            parent[b] = a
    return {operator: root(operator) for operator in parent}


def recall(fortnights: Fortnights, moment: datetime, tables: Snapshot) -> None:
    """Put what is known of a moment's fortnight among its tables."""
    if moment in fortnights:
        tables.add_derived(session_deviances, fortnights[moment])


def remember(fortnights: Fortnights, moment: datetime, tables: Snapshot) -> None:
    """Keep what was worked out of a moment's fortnight."""
    if moment not in fortnights and tables.has_derived(session_deviances):
        fortnights[moment] = tables.derived_frame(session_deviances)


def build(
    lake: LakeOrFolder,
    model: Model,
    until: datetime,
    groups: dict[str, str],
    progress: Callable[[str], None] = lambda name: None,
    fortnights: Fortnights | None = None,
) -> Dataset:
    """The labelled rows of a model, with signals as they were known in the week each was received.

    `groups` as `tied_operators` gives them; an operator that is not among them is a group of its own. `fortnights`: how far the sessions
    of each moment's fortnight lie out, as models of the same lake that were built before left it.
    """
    lake = Lake.open(lake)
    fortnights = {} if fortnights is None else fortnights
    known = Snapshot.open(lake, until)
    first = _first_receipt(known)
    label_frames, signal_frames, received, night = [], [], [], []
    peers: dict[pd.Timestamp, pd.DataFrame] = {}
    judged = (
        SESSION if model.entity == VIEW else model.entity
    )  # verdicts on views are those of their session
    everything = (
        None
        if judged == OPERATOR
        else verdicts(known, judged, model.typologies).join(
            entity_moments(known, judged), how="inner"
        )
    )
    for moment in week_ends(first, until):
        progress(f"{model.name} as of {moment:%Y-%m-%d}")
        tables = Snapshot.open(lake, moment)
        if everything is None:
            labels = operator_verdicts(
                known, model, pd.Timestamp(moment - LOOKBACK), pd.Timestamp(moment)
            )
            labels = labels.assign(
                received_at=pd.Timestamp(moment) - WEEK / 2, operator_id=labels.index
            )
        else:
            inside = (everything["received_at"] >= moment - WEEK) & (
                everything["received_at"] < moment
            )
            labels = everything[inside]
        if labels.empty:
            continue
        usual = _usual(known, model, moment) if model.compares else []
        if model.live:
            signals, entity = prefixes_of(tables, model, sorted(labels.index))
            labels = labels.reindex(entity)
            peers[pd.Timestamp(moment)] = compute(tables, model.signals, model.entity, only=usual)
        elif model.compares:
            recall(fortnights, moment, tables)
            wanted = None if judged == OPERATOR else sorted({*labels.index, *usual})
            computed = signals_of(tables, model.signals, model.entity, wanted)
            remember(fortnights, moment, tables)
            signals = computed[computed.index.isin(labels.index)]
            labels = labels.reindex(signals.index)
            peers[pd.Timestamp(moment)] = (
                computed if judged == OPERATOR else computed[computed.index.isin(usual)]
            )
        else:
            signals = compute(tables, model.signals, model.entity, only=labels.index)
            signals = (
                signals[few_of_each(signals.index, VIEWS)] if model.entity == VIEW else signals
            )
            labels = labels.reindex(
                session_of(signals.index) if model.entity == VIEW else signals.index
            )
        signal_frames.append(signals)
        label_frames.append(labels)
        night += [moment] * len(labels)
    if not label_frames:
        empty = pd.DataFrame(
            columns=["confirmed", "audited", "typology", "received_at", "operator_id"]
        )
        label_frames, signal_frames = [empty], [pd.DataFrame(columns=model.columns, dtype=float)]
    labels = pd.concat(label_frames)
    received = pd.Series(pd.to_datetime(labels["received_at"]).to_numpy())
    group = labels["operator_id"].map(lambda o: groups.get(o, o)).reset_index(drop=True)
    return Dataset(
        pd.concat(signal_frames).reset_index(drop=True),
        labels[
            [c for c in ("confirmed", "audited", "typology", "accused") if c in labels]
        ].reset_index(drop=True),
        received,
        group,
        pd.Series(night),
        pd.Series(labels.index.to_numpy(), dtype=object),
        peers,
    )


def _usual(tables, model: Model, moment: datetime) -> list[str]:
    """Entities that a night at a moment scores, judged or not: at most `PEERS`, chosen by their names. Of operators all are."""
    if model.entity == OPERATOR:
        return []
    t, weeks = (
        tables["sessions" if model.entity == SESSION else "orders"],
        2 if model.entity == SESSION else 1,
    )
    ids = t.filter((t.received_at >= moment - weeks * WEEK) & (t.received_at < moment))[
        f"{model.entity}_id"
    ].to_pandas()
    return by_name(ids, PEERS)


def by_name(ids: Iterable[str], most: int) -> list[str]:
    """Some of the entities, the same whenever they are asked for: those whose names hash lowest."""
    return sorted(ids, key=lambda i: hashlib.sha256(str(i).encode()).digest())[:most]


def few_of_each(view_ids: pd.Index, most: int) -> np.ndarray:
    """Which views to keep, so many of each session, the same whenever they are asked for: those whose names hash lowest."""
    names = pd.Series(by_name(view_ids, len(view_ids)), dtype=object)
    place = names.groupby(session_of(pd.Index(names)).to_numpy()).cumcount()
    return view_ids.isin(names[place < most])


def session_of(view_ids: pd.Index) -> pd.Index:
    """Sessions of views, from their names."""
    return pd.Index(view_ids.str.rpartition("#").get_level_values(0))


def _first_receipt(tables) -> pd.Timestamp:
    name = "sessions" if "sessions" in tables else "orders"
    return pd.Timestamp(tables[name].received_at.min().to_pandas())


def prefixes_of(tables, model: Model, sessions: list[str]) -> tuple[pd.DataFrame, pd.Index]:
    """Signals of some sessions as they stood after each prefix of a model and at their end, and the session of each row."""
    scope = tables.scope(sessions, SESSION)
    ids, values, offsets = ragged(minutes_frame(tables, scope))
    lengths = np.diff(offsets)
    frames, kept = [], []
    for cut in (*model.prefixes, None):
        long = np.flatnonzero(lengths > (cut or 0))
        ends = offsets[long] + (np.full(len(long), cut) if cut else lengths[long])
        rows = np.concatenate(
            [
                np.zeros(0, dtype=np.int64),
                *(np.arange(a, b) for a, b in zip(offsets[long], ends, strict=True)),
            ]
        )
        part = values[np.asarray(rows, dtype=np.int64)]
        starts = np.concatenate([[0], np.cumsum(ends - offsets[long])]).astype(np.int64)
        frames.append(pd.DataFrame(run_kernels(part, starts, model.signals), columns=model.columns))
        kept.append(np.asarray(ids)[long])
    return pd.concat(frames, ignore_index=True), pd.Index(np.concatenate(kept))
