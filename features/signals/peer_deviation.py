"""Second-order signals: summed deviation of sessions from their peers, and its mean by operator.

A scheme leaves its traces on single sessions, and a mean over all of an operator's views hides
them. Which trace it leaves differs from scheme to scheme. So each session is compared with the
others on every first-order signal, and the deviations are summed (ADR-0044). The sum needs no label
and also finds schemes without a name. Signals from counters by minute are left out, because they
are often unusual in honest rooms. Models add these scores to their log-odds (ADR-0007).

Where it fails: a scheme in every room moves the medians, and one fraudulent session in twenty is
averaged away.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pandas as pd

from features.declaration import (
    OPERATOR,
    POINTS,
    SESSION,
    Relation,
    Signal,
    derived,
    relation,
    signal,
    signals_in,
)
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.peers.anomaly_score import anomaly_contributions
from features.signals.sessions import (
    account_habits,
    coordination,
    expected_audience,
    forged_counters,
    join_bursts,
    purchase_propensity,
    view_durations,
    viewer_reputation,
    viewers,
)
from features.signals.sessions.engagement import actor_habits, per_account, repetition, sources

FORTNIGHT = timedelta(days=14)
KINDS = ("view_fraud", "engagement_fraud")
OF_SESSIONS = signals_in(
    view_durations,
    join_bursts,
    viewers,
    expected_audience,
    per_account,
    repetition,
    sources,
    account_habits,
    actor_habits,
    viewer_reputation,
    coordination,
    forged_counters,
    purchase_propensity,
    entity=SESSION,
)


def fortnight(snapshot: Snapshot) -> list[str]:
    """Sessions received in the two weeks before the newest receipt, sorted."""
    s = snapshot["sessions"]
    newest = s.received_at.max().to_pandas()
    return (
        sorted(s.filter(s.received_at > newest - FORTNIGHT).session_id.to_pandas())
        if pd.notna(newest)
        else []
    )


def deviating(signals: pd.DataFrame) -> pd.DataFrame:
    """Anomaly scores of sessions against one another.

    Parameters
    ----------
    signals : DataFrame of shape (sessions, first-order signals)
        Signals of the sessions of two weeks, index session.

    Returns
    -------
    DataFrame with the columns session_id, of_views and of_acts: the sums over signals of views and
    of engagement. NaN where a session has no known signal.
    """
    names = {kind: [s.name for s in OF_SESSIONS if s.typology == kind] for kind in KINDS}
    contributions = anomaly_contributions(
        signals[[s.name for s in OF_SESSIONS]], {s.name: s for s in OF_SESSIONS}, SESSION
    )
    known = (
        signals[[s.name for s in OF_SESSIONS if s.direction or s.alarm is not None]]
        .notna()
        .any(axis=1)
    )
    of_views, of_acts = (
        contributions[contributions.columns.intersection(names[k])].sum(axis=1).where(known)
        for k in KINDS
    )
    return pd.DataFrame(
        {
            "session_id": signals.index,
            "of_views": of_views.to_numpy(),
            "of_acts": of_acts.to_numpy(),
        }
    )


@derived(
    reads=("sessions",),
    columns={"session_id": "string", "of_views": "double", "of_acts": "double"},
    from_all=True,
)
def session_deviances(snapshot):
    """Sessions of two weeks with their anomaly scores against one another."""
    return deviating(compute(snapshot, OF_SESSIONS, SESSION, fortnight(snapshot)))


def signals_of(
    snapshot: Snapshot,
    signals: tuple[Signal, ...],
    entity: str,
    wanted: list[str] | None,
    progress: Callable[[str], None] = lambda name: None,
) -> pd.DataFrame:
    """Signals of some entities (all when None), as `compute` gives them.

    The session signals of the fortnight that anomaly scores are made from are computed in the same
    passes, and the anomaly scores are added to the snapshot. Where it has them already, the wanted
    sessions are enough.
    """
    if entity != SESSION or not wanted or snapshot.has_derived(session_deviances):
        return compute(snapshot, signals, entity, wanted, progress)
    recent = fortnight(snapshot) if "sessions" in snapshot else []
    shared = compute(snapshot, OF_SESSIONS, SESSION, {*wanted, *recent}, progress)
    snapshot.add_derived(session_deviances, deviating(shared.loc[recent]))
    others = [s for s in signals if s not in OF_SESSIONS]
    rest = compute(snapshot, others, SESSION, wanted, progress)
    return shared.reindex(rest.index).join(rest)[[s.name for s in signals]]


@relation(SESSION, reads=("sessions",), grouped=False, needs=(session_deviances,))
def lying_out(sessions, deviances):
    """Sessions of a fortnight with how far they lie out."""
    return deviances


@relation(OPERATOR, reads=("sessions",), needs=(session_deviances,))
def told(sessions, deviances):
    """Sessions of an operator in a fortnight with how far they lie out."""
    return sessions.select("session_id", "operator_id").join(deviances, "session_id")


def _views(source: Relation, zh: str, en: str) -> Any:
    blind = "Rooms of a kind that is rare on the platform."
    return signal(
        source,
        unit=POINTS,
        typology="view_fraud",
        direction=1,
        graph=True,
        zh=zh,
        en=en,
        blind=blind,
    )


def _acts(source: Relation, zh: str, en: str) -> Any:
    blind = "Rooms of a kind that is rare on the platform; lotteries that make everybody write."
    return signal(
        source,
        unit=POINTS,
        typology="engagement_fraud",
        direction=1,
        graph=True,
        zh=zh,
        en=en,
        blind=blind,
    )


@_views(
    lying_out,
    "观看各项合计偏离 {value:.1f} 分",
    "what is seen of its views lies out by {value:.1f} points in all",
)
def session_view_deviance(t):
    """How far a session of the last two weeks lies out among all of them, over all signals of views that are not from counters by minute."""
    return t.of_views


@_acts(
    lying_out,
    "互动各项合计偏离 {value:.1f} 分",
    "what is seen of its likes, follows and comments lies out by {value:.1f} points in all",
)
def session_engagement_deviance(t):
    """The same over all signals of likes, follows and comments."""
    return t.of_acts


@_views(
    told,
    "其场次在观看各项上平均偏离 {value:.1f} 分",
    "what is seen of the views of its sessions lies out by {value:.1f} points on average",
)
def session_view_deviance_mean(t):
    """Mean over the operator's sessions of two weeks of how far each lies out among all of them, over all signals of views."""
    return t.of_views.mean()


@_acts(
    told,
    "其场次在互动各项上平均偏离 {value:.1f} 分",
    "what is seen of likes, follows and comments in its sessions lies out by {value:.1f} points on average",
)
def session_engagement_deviance_mean(t):
    """The same over all signals of likes, follows and comments."""
    return t.of_acts.mean()


SIGNALS: tuple[Signal, ...] = (session_view_deviance, session_engagement_deviance)
OF_OPERATORS: tuple[Signal, ...] = (session_view_deviance_mean, session_engagement_deviance_mean)
