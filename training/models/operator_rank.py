"""Ranks operators for patrols."""

from features.declaration import OPERATOR, signals_in
from features.signals import peer_deviation
from features.signals.operators import (
    after_sales,
    audience,
    audience_purchases,
    audience_reputation,
    beneficiary,
    customers,
    forged_counters,
    own_history,
    public_counters,
    sales,
)
from training.declaration import Model

MODEL = Model(
    name="operator_rank",
    entity=OPERATOR,
    signals=signals_in(
        sales,
        after_sales,
        own_history,
        customers,
        public_counters,
        forged_counters,
        audience,
        audience_reputation,
        peer_deviation,
        audience_purchases,
        beneficiary,
        entity=OPERATOR,
    ),
    typologies=("view_fraud", "engagement_fraud", "order_fraud"),
    question=(
        "Would a reviewer of this operator's sessions and orders confirm fraud? Operators "
        "are ranked by that probability."
    ),
    known_limits=(
        "It learns from reviewed operators, and operators without a review differ from them. "
        "Orders confirmed as hostile do not count."
    ),
    peer_relative=True,
    size_signal="operator_view_count",
    use_raw_values=False,
    anomaly_weight=0.2,
    parameters={"min_data_in_leaf": 5, "num_leaves": 7},
)
