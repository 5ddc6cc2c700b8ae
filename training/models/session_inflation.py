"""Was a session's audience or engagement inflated?"""

from features import (
    audience,
    coordination,
    elsewhere,
    engagement,
    expected,
    givers,
    habits,
    reactions,
    series,
    shape,
    shopping,
    told,
    viewers,
)
from features.declare import SESSION
from training.declare import RANDOMISED, Model

MODEL = Model(
    name="session_inflation",
    entity=SESSION,
    signals=audience.SIGNALS
    + viewers.SIGNALS
    + shopping.SIGNALS
    + engagement.SIGNALS
    + series.SIGNALS
    + reactions.SIGNALS
    + expected.SIGNALS
    + givers.SIGNALS
    + habits.SIGNALS
    + elsewhere.SIGNALS
    + shape.SIGNALS
    + told.SIGNALS
    + tuple(s for s in coordination.SIGNALS if s.entity == SESSION),
    typologies=("view_fraud", "engagement_fraud"),
    question="Would a person who looked at this session confirm that views, likes, comments or follows were inflated?",
    known_limits="Crowds of paid people on their own devices and slow imitations of an audience are its blind side.",
    parameters=RANDOMISED | {"feature_fraction": 0.6},
    compares=True,
    size="view_count",
    own=False,
    apart=True,
    pruned=True,
    lean=0.15,
    doubt=-2.0,
)
