"""Which operators should a patrol look at first?"""

from features import benefit, counters, customers, elsewhere, operators, rooms, shopping, told, totals
from features.declare import OPERATOR
from training.declare import Model

MODEL = Model(
    name="operator_rank",
    entity=OPERATOR,
    signals=operators.SIGNALS
    + customers.SIGNALS
    + counters.SIGNALS
    + totals.OF_OPERATORS
    + rooms.SIGNALS
    + elsewhere.OF_OPERATORS
    + told.OF_OPERATORS
    + shopping.OF_OPERATORS
    + benefit.SIGNALS,
    typologies=("view_fraud", "engagement_fraud", "order_fraud"),
    question="Would people who looked at this operator's sessions and orders confirm that it cheats? Ranked by the answer.",
    known_limits="It learns from operators that people looked at; those who were never looked at are unlike them. Orders confirmed as hostile do not count.",
    compares=True,
    size="operator_view_count",
    own=False,
    lean=0.2,
    parameters={"min_data_in_leaf": 5, "num_leaves": 7},
)
