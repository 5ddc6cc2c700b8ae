"""Which operators should a patrol look at first?"""

from features import benefit, counters, operators, rooms
from features.declare import OPERATOR
from training.declare import Model

MODEL = Model(
    name="operator_rank",
    entity=OPERATOR,
    signals=operators.SIGNALS + counters.SIGNALS + rooms.SIGNALS + benefit.SIGNALS,
    typologies=("view_fraud", "engagement_fraud", "order_fraud"),
    question="Ranked by the share of what was looked at that people confirmed, which operators come first?",
    known_limits="It learns from operators that people looked at; those who were never looked at are unlike them. Orders confirmed as hostile do not count.",
    ranking=True,
    parameters={"min_data_in_leaf": 5, "num_leaves": 7},
)
