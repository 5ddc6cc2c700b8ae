"""Training frames: the night's own computation, replayed at weekly moments.

An order is scored while it is up to a week old. Signals are therefore computed as of each week's
end for what was received in that week, by the code of the night and with its cut by time
(ADR-0005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from features.declaration import OPERATOR, ORDER, SESSION, VIEW
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.engine.tables import LOOKBACK
from features.signals.peer_deviation import session_anomaly_scores, signals_of
from training.dataset.appeal_labels import with_appeal_weights
from training.dataset.bag_labels import with_bags
from training.dataset.frame import Dataset
from training.dataset.labels import entity_moments, operator_verdicts, verdicts
from training.dataset.prefixes import prefix_signals
from training.dataset.sampling import sample_by_hash, sample_views, session_of
from training.declaration import Model

WEEK = timedelta(days=7)
MAX_PEERS_PER_NIGHT = 2000
LABEL_COLUMNS = ("confirmed", "audited", "typology", "accused", "bag", "direct", "weight")
# Half of all views of sessions that were found inflated lie in a dozen large rooms.
MAX_VIEWS_PER_SESSION = 300
MAX_SESSIONS_OF_PEER_VIEWS, MAX_VIEWS_OF_PEERS = 300, 60


@dataclass(frozen=True)
class Replay:
    """A lake as of weekly moments, for the models that are trained on it.

    Parameters
    ----------
    lake
        The lake.
    until
        Moment up to which verdicts are known.
    groups
        Operator → group, as `operator_groups` gives them; other operators are their own group.
    progress
        Called with what is being done.
    """

    lake: Lake
    until: datetime
    groups: dict[str, str]
    progress: Callable[[str], None] = lambda _text: None
    # half of a night's work, and the same for each model
    _session_scores: dict[datetime, pd.DataFrame] = field(default_factory=dict, repr=False)

    def snapshot(self, moment: datetime) -> Snapshot:
        """Open the snapshot of a moment, with what another model had derived from it."""
        opened = Snapshot.open(self.lake, moment)
        if moment in self._session_scores:
            opened.add_derived(session_anomaly_scores, self._session_scores[moment])
        return opened

    def keep_derived(self, snapshot: Snapshot) -> None:
        """Keep what was derived from a moment's snapshot for the models that follow."""
        moment = snapshot.as_of
        if moment not in self._session_scores and snapshot.has_derived(session_anomaly_scores):
            self._session_scores[moment] = snapshot.derived_frame(session_anomaly_scores)

    def weigh(self, labels: pd.DataFrame, kind: str) -> pd.DataFrame:
        """Labels of a kind with the weight of verdicts on appeals."""
        return with_appeal_weights(labels, self.lake, kind, self.until)

    def group_of(self, operator: str) -> str:
        """Return the group of an operator."""
        return self.groups.get(operator, operator)


@dataclass(frozen=True)
class _Week:
    """Rows of one moment: signals and labels row by row, and signals of the night's entities."""

    signals: pd.DataFrame
    labels: pd.DataFrame
    peer_signals: pd.DataFrame


def week_ends(first: pd.Timestamp, until: datetime) -> list[datetime]:
    """Moments a week apart, the last at `until`."""
    moments, at = [], until
    while at > first:
        moments.append(at)
        at -= WEEK
    return moments[::-1]


def replay_dataset(replay: Replay, model: Model, bags: bool = True) -> Dataset:
    """Labelled rows of a model, with signals as they were known in the week of their receipt.

    With `bags`, entities without a verdict of their own are labelled by that of their operator.
    """
    known = Snapshot.open(replay.lake, replay.until)
    labels = None if model.entity == OPERATOR else _labels(replay, known, model, bags)
    weeks: dict[datetime, _Week] = {}
    for moment in week_ends(_first_receipt(known), replay.until):
        replay.progress(f"{model.name} as of {moment:%Y-%m-%d}")
        snapshot = replay.snapshot(moment)
        mine = _labels_of_week(replay, known, model, moment, labels)
        if len(mine):
            peers = _peer_ids(known, model, moment)
            weeks[moment] = _rows_of_week(snapshot, model, mine, peers)
            replay.keep_derived(snapshot)
    return _joined(replay, model, weeks)


def _labels(replay: Replay, known: Snapshot, model: Model, bags: bool) -> pd.DataFrame:
    """Labels of sessions or orders; views have those of their sessions."""
    kind = SESSION if model.entity == VIEW else model.entity
    if ("sessions" if kind == SESSION else "orders") not in known:
        return pd.DataFrame(columns=["confirmed", "audited", "typology", "received_at"])
    moments = entity_moments(known, kind)
    direct = verdicts(known, kind, model.typologies).join(moments, how="inner")
    direct = replay.weigh(direct, kind)
    return with_bags(known, kind, model.typologies, direct) if bags else direct


def _labels_of_week(
    replay: Replay, known: Snapshot, model: Model, moment: datetime, labels: pd.DataFrame | None
) -> pd.DataFrame:
    """Labels of what was received in the week before a moment; of operators, in their window."""
    if labels is None:
        since, until = pd.Timestamp(moment - LOOKBACK), pd.Timestamp(moment)
        mine = operator_verdicts(known, model, since, until, replay.weigh)
        return mine.assign(received_at=pd.Timestamp(moment) - WEEK / 2, operator_id=mine.index)
    received = labels["received_at"]
    return labels[(received >= moment - WEEK) & (received < moment)]


def _rows_of_week(
    snapshot: Snapshot, model: Model, labels: pd.DataFrame, peers: list[str]
) -> _Week:
    """Signals of the labelled entities of a moment, and of the entities night_signals them."""
    if model.live:
        signals, entity = prefix_signals(snapshot, model, sorted(labels.index))
        night_signals = compute(snapshot, model.signals, model.entity, only=peers)
        return _Week(signals, labels.reindex(entity), night_signals)
    if model.entity == VIEW:
        signals = compute(snapshot, model.signals, model.entity, only=labels.index)
        signals = signals[sample_views(signals.index, MAX_VIEWS_PER_SESSION)]
        peers_of_views = compute(snapshot, model.signals, model.entity, only=peers)
        peers_of_views = peers_of_views[sample_views(peers_of_views.index, MAX_VIEWS_OF_PEERS)]
        return _Week(signals, labels.reindex(session_of(signals.index)), peers_of_views)
    every = model.entity == OPERATOR
    wanted = None if every else sorted({*labels.index, *peers})
    computed = signals_of(snapshot, model.signals, model.entity, wanted)
    signals = computed[computed.index.isin(labels.index)]
    night_signals = computed if every else computed[computed.index.isin(peers)]
    return _Week(signals, labels.reindex(signals.index), night_signals)


def _joined(replay: Replay, model: Model, weeks: dict[datetime, _Week]) -> Dataset:
    """Rows of all weeks as one frame."""
    if weeks:
        labels = pd.concat([w.labels for w in weeks.values()])
        signals = pd.concat([w.signals for w in weeks.values()]).reset_index(drop=True)
    else:
        columns = ["confirmed", "audited", "typology", "received_at", "operator_id"]
        labels = pd.concat([pd.DataFrame(columns=columns)])
        signals = pd.DataFrame(columns=model.columns, dtype=float)
    if "weight" in labels:  # weeks without a verdict on an appeal have none
        labels = labels.assign(weight=labels["weight"].fillna(1.0))
    kept = [c for c in LABEL_COLUMNS if c in labels]
    # a running session is compared without its operator's other sessions: the gate has none
    owned = model.entity in (SESSION, ORDER) and not model.live
    peers = {pd.Timestamp(m): w.peer_signals for m, w in weeks.items()}
    return Dataset(
        signals,
        labels[kept].reset_index(drop=True),
        pd.Series(pd.to_datetime(labels["received_at"]).to_numpy()),
        labels["operator_id"].map(replay.group_of).reset_index(drop=True),
        pd.Series([moment for moment, w in weeks.items() for _ in range(len(w.labels))]),
        pd.Series(labels.index.to_numpy(), dtype=object),
        labels["operator_id"].to_numpy(dtype=object) if owned else None,
        peers,
        _peer_owners(replay, model, peers) if owned else {},
    )


def _peer_owners(
    replay: Replay, model: Model, peers: dict[pd.Timestamp, pd.DataFrame]
) -> dict[pd.Timestamp, np.ndarray]:
    """Operators of the compared entities of each night."""
    known = Snapshot.open(replay.lake, replay.until)
    owner = entity_moments(known, model.entity)["operator_id"]
    owner = owner[~owner.index.duplicated()]
    return {n: owner.reindex(p.index).to_numpy(dtype=object) for n, p in peers.items()}


def _peer_ids(known: Snapshot, model: Model, moment: datetime) -> list[str]:
    """Sample of the entities that a night scores, labelled or not; none of operators."""
    if model.entity == OPERATOR:
        return []
    of_sessions = model.entity in (SESSION, VIEW)
    table, key = (known["sessions"], SESSION) if of_sessions else (known["orders"], model.entity)
    weeks = 2 if of_sessions else 1
    received = (table.received_at >= moment - weeks * WEEK) & (table.received_at < moment)
    ids = table.filter(received)[f"{key}_id"].to_pandas()
    most = MAX_SESSIONS_OF_PEER_VIEWS if model.entity == VIEW else MAX_PEERS_PER_NIGHT
    return sample_by_hash(ids, most)


def _first_receipt(snapshot: Snapshot) -> pd.Timestamp:
    if not {"sessions", "orders"} & set(snapshot):
        raise LakeProblem("the lake has neither sessions nor orders to learn from")
    name = "sessions" if "sessions" in snapshot else "orders"
    return pd.Timestamp(snapshot[name].received_at.min().to_pandas())
