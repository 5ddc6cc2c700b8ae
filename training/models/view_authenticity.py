"""Scores single views for being false."""

from __future__ import annotations

from features.catalogue import of_entity
from features.declaration import VIEW
from training.declaration import Model

MODEL = Model(
    name="view_authenticity",
    entity=VIEW,
    signals=of_entity(VIEW),
    typologies=("view_fraud", "engagement_fraud"),
    question=(
        "Is this view false? It is learned from verdicts on sessions, by the views that "
        "distinguish confirmed from cleared sessions."
    ),
    known_limits=(
        "Single views have no verdict. Views of paid people look honest, and so do views "
        "that distinguish no confirmed session."
    ),
)
