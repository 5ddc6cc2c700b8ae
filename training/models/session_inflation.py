"""Scores sessions for inflated audiences and engagement."""

from features.declaration import SESSION, signals_in
from features.signals import peer_deviation
from features.signals.live import join_series, reactions, regularity, viewer_series
from features.signals.sessions import (
    account_habits,
    coordination,
    expected_audience,
    join_bursts,
    purchase_propensity,
    view_durations,
    viewer_reputation,
    viewers,
)
from features.signals.sessions.engagement import actor_habits, per_account, repetition, sources
from training.declaration import RANDOMISED, Model

MODEL = Model(
    name="session_inflation",
    entity=SESSION,
    signals=signals_in(
        view_durations,
        join_bursts,
        viewers,
        purchase_propensity,
        per_account,
        repetition,
        viewer_series,
        join_series,
        reactions,
        expected_audience,
        sources,
        account_habits,
        actor_habits,
        viewer_reputation,
        regularity,
        peer_deviation,
        coordination,
        entity=SESSION,
    ),
    typologies=("view_fraud", "engagement_fraud"),
    question=(
        "Would a reviewer confirm that views, likes, comments or follows of this session "
        "were inflated?"
    ),
    known_limits=(
        "It misses crowds of paid people on their own devices, and slow imitations of an audience."
    ),
    parameters=RANDOMISED | {"feature_fraction": 0.6},
    peer_relative=True,
    size_signal="view_count",
    use_raw_values=False,
    per_typology=True,
    drop_contradicted_labels=True,
    anomaly_weight=0.15,
    logit_floor=-2.0,
)
