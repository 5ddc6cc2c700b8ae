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
from features.expressions import without_brief
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
from features.signals.sessions.own_level import above_earlier, own_level_excesses, spans_of

ANOMALY_SCORE_WINDOW = timedelta(days=14)
TYPOLOGIES = ("view_fraud", "engagement_fraud")
FIRST_ORDER_SIGNALS = signals_in(
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


def recent_sessions(snapshot: Snapshot) -> list[str]:
    """Sessions received in the two weeks before the moment of the snapshot, sorted (ADR-0101)."""
    s = snapshot["sessions"]
    recent = s.filter(s.received_at >= snapshot.as_of - ANOMALY_SCORE_WINDOW)
    return sorted(recent.session_id.to_pandas())


def score_sessions(signals: pd.DataFrame) -> pd.DataFrame:
    """Anomaly scores of sessions against one another.

    Parameters
    ----------
    signals : DataFrame of shape (sessions, first-order signals)
        Signals of the sessions of two weeks, index session.

    Returns
    -------
    DataFrame with the columns session_id, view_score and engagement_score
        Sums over signals of views and of engagement. NaN where a session has no known signal.
    """
    names = {
        kind: [s.name for s in FIRST_ORDER_SIGNALS if s.typology == kind] for kind in TYPOLOGIES
    }
    contributions = anomaly_contributions(
        signals[[s.name for s in FIRST_ORDER_SIGNALS]],
        {s.name: s for s in FIRST_ORDER_SIGNALS},
        SESSION,
    )
    known = (
        signals[[s.name for s in FIRST_ORDER_SIGNALS if s.direction or s.alarm is not None]]
        .notna()
        .any(axis=1)
    )
    view_score, engagement_score = (
        contributions[contributions.columns.intersection(names[k])].sum(axis=1).where(known)
        for k in TYPOLOGIES
    )
    return pd.DataFrame(
        {
            "session_id": signals.index,
            "view_score": view_score.to_numpy(),
            "engagement_score": engagement_score.to_numpy(),
        }
    )


@derived(
    reads=("sessions",),
    columns={"session_id": "string", "view_score": "double", "engagement_score": "double"},
    from_all=True,
)
def session_anomaly_scores(snapshot):
    """Sessions of two weeks with their anomaly scores against one another."""
    return score_sessions(
        compute(snapshot, FIRST_ORDER_SIGNALS, SESSION, recent_sessions(snapshot))
    )


def signals_of(
    snapshot: Snapshot,
    signals: tuple[Signal, ...],
    entity: str,
    wanted: list[str] | None,
    progress: Callable[[str], None] = lambda _name: None,
) -> pd.DataFrame:
    """Signals of some entities (all when None), as `compute` gives them.

    The session signals of two weeks, from which anomaly scores are made, are computed in the same
    passes. The anomaly scores are added to the snapshot. Where it has them already, the wanted
    sessions are enough.
    """
    if entity != SESSION or not wanted or snapshot.has_derived(session_anomaly_scores):
        return compute(snapshot, signals, entity, wanted, progress)
    recent = recent_sessions(snapshot) if "sessions" in snapshot else []
    shared = compute(snapshot, FIRST_ORDER_SIGNALS, SESSION, {*wanted, *recent}, progress)
    snapshot.add_derived(session_anomaly_scores, score_sessions(shared.loc[recent]))
    if "sessions" in snapshot:
        excesses = above_earlier(shared.loc[recent], spans_of(snapshot))
        snapshot.add_derived(own_level_excesses, excesses)
    others = [s for s in signals if s not in FIRST_ORDER_SIGNALS]
    rest = compute(snapshot, others, SESSION, wanted, progress)
    return shared.reindex(rest.index).join(rest)[[s.name for s in signals]]


@relation(
    SESSION,
    reads=("sessions",),
    grouped=False,
    needs=(session_anomaly_scores,),
    unit=Unit.ANOMALY_SCORE,
    direction=1,
    graph=True,
)
def session_anomalies(_sessions, scores):
    """Sessions of two weeks with their anomaly scores."""
    return scores


@relation(
    OPERATOR,
    reads=("sessions",),
    needs=(session_anomaly_scores,),
    unit=Unit.ANOMALY_SCORE,
    direction=1,
    graph=True,
)
def operator_anomalies(sessions, scores):
    """Sessions of an operator in two weeks with their anomaly scores, without brief tests."""
    shaped = without_brief(sessions, sessions)
    return shaped.select("session_id", "operator_id").join(scores, "session_id")


@signal(
    session_anomalies,
    typology="view_fraud",
    zh="其观看各项指标的异常评分为 {value}",
    en="its views have an anomaly score of {value}",
    blind="Rooms of a kind that is rare on the platform.",
    formerly=("session_view_deviance",),
)
def session_view_anomaly_score(t):
    """Anomaly score of a session among those of two weeks, over all signals of its views.

    Signals from counters by minute are left out: they are often unusual in honest rooms.
    """
    return t.view_score


@signal(
    session_anomalies,
    typology="engagement_fraud",
    zh="其点赞、关注与评论各项指标的异常评分为 {value}",
    en="its likes, follows and comments have an anomaly score of {value}",
    blind="Rooms of a rare kind; lotteries that make everybody write.",
    formerly=("session_engagement_deviance",),
)
def session_engagement_anomaly_score(t):
    """Anomaly score of a session among those of two weeks, over likes, follows and comments."""
    return t.engagement_score


@signal(
    operator_anomalies,
    typology="view_fraud",
    zh="其各场观看指标的异常评分平均为 {value}",
    en="the views of its sessions have an anomaly score of {value} on average",
    blind="Rooms of a kind that is rare on the platform.",
    formerly=("session_view_deviance_mean",),
)
def session_view_anomaly_score_mean(t):
    """Mean of `session_view_anomaly_score` over the operator's sessions of two weeks."""
    return t.view_score.mean()


@signal(
    operator_anomalies,
    typology="engagement_fraud",
    zh="其各场点赞、关注与评论指标的异常评分平均为 {value}",
    en="likes, follows and comments of its sessions have an anomaly score of {value} on average",
    blind="Rooms of a rare kind; lotteries that make everybody write.",
    formerly=("session_engagement_deviance_mean",),
)
def session_engagement_anomaly_score_mean(t):
    """Mean of `session_engagement_anomaly_score` over the operator's sessions of two weeks."""
    return t.engagement_score.mean()
