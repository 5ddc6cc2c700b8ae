"""Which views of a session are false."""

from __future__ import annotations

from features import attributes
from features.declare import VIEW
from training.declare import Model

MODEL = Model(
    name="view_authenticity",
    entity=VIEW,
    signals=attributes.SIGNALS,
    typologies=("view_fraud",),
    question="Does this view lie in a session that is confirmed as inflated? (From which the share of false views follows.)",
    known_limits="Verdicts are on sessions, so honest views of confirmed sessions are labelled false; paid people look honest.",
    parameters={"min_data_in_leaf": 300, "num_leaves": 31},
)
