"""Ranks operators for patrols."""

from __future__ import annotations

from features.catalogue import of_entity
from features.declaration import OPERATOR
from features.signals.operators.after_sales import complaint_count
from training.declaration import Model

MODEL = Model(
    name="operator_rank",
    entity=OPERATOR,
    # complaints count for compliance and credit; rivals complain too (ADR-0372)
    signals=tuple(s for s in of_entity(OPERATOR) if s is not complaint_count),
    typologies=("view_fraud", "engagement_fraud", "order_fraud"),
    question=(
        "Would a reviewer of this operator's sessions and orders confirm fraud? Operators "
        "are ranked by that probability."
    ),
    known_limits=(
        "It learns from reviewed operators, and operators without a review differ from them. "
        "Orders confirmed as hostile do not count."
    ),
    size_signals=("operator_view_count", "operator_order_count"),
)
