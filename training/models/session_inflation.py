"""Scores sessions for inflated audiences and engagement."""

from __future__ import annotations

from features.catalogue import of_entity
from features.declaration import SESSION
from training.declaration import Model

MODEL = Model(
    name="session_inflation",
    entity=SESSION,
    signals=of_entity(SESSION),
    typologies=("view_fraud", "engagement_fraud"),
    ensembles=("view_fraud", "engagement_fraud"),
    question=(
        "Would a reviewer confirm that views, likes, comments or follows of this session "
        "were inflated?"
    ),
    known_limits=(
        "It misses crowds of paid people on their own devices, and slow imitations of an audience."
    ),
    size_signals=("view_count", "viewers_mean"),
)
