"""Scores single views for being false."""

from __future__ import annotations

from features.declaration import VIEW, signals_in
from features.signals.views import accounts, behaviour, entry_channels
from training.declaration import RANDOMISED, Model

MODEL = Model(
    name="view_authenticity",
    entity=VIEW,
    signals=signals_in(behaviour, accounts, entry_channels),
    typologies=("view_fraud", "engagement_fraud"),
    question=(
        "Is this view false? It is learned from verdicts on sessions, by the views that "
        "distinguish confirmed from cleared sessions."
    ),
    known_limits=(
        "Single views have no verdict. Views of paid people look honest, and so do views "
        "that distinguish no confirmed session."
    ),
    parameters=RANDOMISED | {"min_data_in_leaf": 300, "num_leaves": 31, "max_bin": 63},
)
