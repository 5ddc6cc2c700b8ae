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

import pandas as pd

from features.declaration import (
    OPERATOR,
    SESSION,
    Signal,
    Unit,
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
    """Sessions received in the two weeks before the moment of the snapshot, sorted (ADR-0101)."""
    s = snapshot["sessions"]
    recent = s.filter(s.received_at >= snapshot.as_of - FORTNIGHT)
    return sorted(recent.session_id.to_pandas())


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


@relation(
    SESSION,
    reads=("sessions",),
    grouped=False,
    needs=(session_deviances,),
    unit=Unit.ANOMALY_SCORE,
    direction=1,
    graph=True,
)
def session_anomalies(sessions, deviances):
    """Sessions of a fortnight with their anomaly scores."""
    return deviances


@relation(
    OPERATOR,
    reads=("sessions",),
    needs=(session_deviances,),
    unit=Unit.ANOMALY_SCORE,
    direction=1,
    graph=True,
)
def operator_anomalies(sessions, deviances):
    """Sessions of an operator in a fortnight with their anomaly scores."""
    return sessions.select("session_id", "operator_id").join(deviances, "session_id")


@signal(
    session_anomalies,
    typology="view_fraud",
    zh="其观看各项指标的异常评分为 {value}",
    en="its views have an anomaly score of {value}",
    blind="Rooms of a kind that is rare on the platform.",
)
def session_view_deviance(t):
    """Anomaly score of a session among those of two weeks, over all signals of its views.

    Signals from counters by minute are left out: they are often unusual in honest rooms.
    """
    return t.of_views


@signal(
    session_anomalies,
    typology="engagement_fraud",
    zh="其点赞、关注与评论各项指标的异常评分为 {value}",
    en="its likes, follows and comments have an anomaly score of {value}",
    blind="Rooms of a rare kind; lotteries that make everybody write.",
)
def session_engagement_deviance(t):
    """Anomaly score of a session among those of two weeks, over likes, follows and comments."""
    return t.of_acts


@signal(
    operator_anomalies,
    typology="view_fraud",
    zh="其各场观看指标的异常评分平均为 {value}",
    en="the views of its sessions have an anomaly score of {value} on average",
    blind="Rooms of a kind that is rare on the platform.",
)
def session_view_deviance_mean(t):
    """Mean of `session_view_deviance` over the operator's sessions of two weeks."""
    return t.of_views.mean()


@signal(
    operator_anomalies,
    typology="engagement_fraud",
    zh="其各场点赞、关注与评论指标的异常评分平均为 {value}",
    en="likes, follows and comments of its sessions have an anomaly score of {value} on average",
    blind="Rooms of a rare kind; lotteries that make everybody write.",
)
def session_engagement_deviance_mean(t):
    """Mean of `session_engagement_deviance` over the operator's sessions of two weeks."""
    return t.of_acts.mean()
