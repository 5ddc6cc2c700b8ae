"""Which operators should a patrol look at first?"""

from features.declaration import OPERATOR
from features.signals import peer_deviation
from features.signals.operators import audience, beneficiary, customers, public_counters, sales
from features.signals.sessions import forged_counters, purchase_propensity, viewer_reputation
from training.declaration import Model

MODEL = Model(
    name="operator_rank",
    entity=OPERATOR,
    signals=sales.SIGNALS
    + customers.SIGNALS
    + public_counters.SIGNALS
    + forged_counters.OF_OPERATORS
    + audience.SIGNALS
    + viewer_reputation.OF_OPERATORS
    + peer_deviation.OF_OPERATORS
    + purchase_propensity.OF_OPERATORS
    + beneficiary.SIGNALS,
    typologies=("view_fraud", "engagement_fraud", "order_fraud"),
    question="Would people who looked at this operator's sessions and orders confirm that it cheats? Ranked by the answer.",
    known_limits="It learns from operators that people looked at; those who were never looked at are unlike them. Orders confirmed as hostile do not count.",
    compares=True,
    size="operator_view_count",
    own=False,
    lean=0.2,
    parameters={"min_data_in_leaf": 5, "num_leaves": 7},
)
