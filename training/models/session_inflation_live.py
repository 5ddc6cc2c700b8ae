"""Scores running sessions for inflation, by their public counters."""

from features.declaration import SESSION, signals_in
from features.signals.live import join_series, reactions, regularity, viewer_series
from training.declaration import Model

MODEL = Model(
    name="session_inflation_live",
    entity=SESSION,
    signals=signals_in(viewer_series, join_series, reactions, regularity),
    typologies=("view_fraud", "engagement_fraud"),
    ensembles=("view_fraud", "engagement_fraud"),
    question=(
        "Would a reviewer confirm that this running session is inflated? It is judged by its "
        "counters so far."
    ),
    known_limits=(
        "Counters by minute show steps, blocks and shapes, not accounts. It misses far more "
        "than the nightly model."
    ),
    prefix_minutes=(30, 90),
    size_signals=("viewers_mean",),
)
