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
        "Is this view false? Learnt from verdicts on sessions: which views set a confirmed "
        "session apart from cleared ones."
    ),
    known_limits=(
        "No view has a verdict of its own. Paid people look honest, and so do views by which "
        "no confirmed session stands out."
    ),
    parameters=RANDOMISED | {"min_data_in_leaf": 300, "num_leaves": 31, "max_bin": 63},
)
