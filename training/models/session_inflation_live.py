"""Scores running sessions for inflation, by their public counters."""

from features.declaration import SESSION, signals_in
from features.signals.live import join_series, reactions, regularity, viewer_series
from training.declaration import Model

MODEL = Model(
    name="session_inflation_live",
    entity=SESSION,
    signals=signals_in(viewer_series, join_series, reactions, regularity),
    typologies=("view_fraud", "engagement_fraud"),
    question=(
        "From the counters so far: would a person who looked at this session confirm an inflation?"
    ),
    known_limits=(
        "Counters by minute show steps, blocks and shapes, not who watched; expect far more "
        "misses than of the nightly model. What that one misses it learns to call honest."
    ),
    prefix_minutes=(30, 90),
    peer_relative=True,
    size_signal="viewers_mean",
    use_raw_values=False,
    per_typology=True,
    teacher="session_inflation",
)
