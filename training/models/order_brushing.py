"""Scores orders for brushing."""

from __future__ import annotations

from features.catalogue import of_entity
from features.declaration import ORDER
from training.declaration import Model

MODEL = Model(
    name="order_brushing",
    entity=ORDER,
    signals=of_entity(ORDER),
    typologies=("order_fraud", "hostile_brushing"),
    question="Would a reviewer confirm that this order was placed without the intent to buy?",
    known_limits=(
        "It finds a brushed order, not the party that ordered it: brushing may be hostile. "
        "Orders of the last days have no parcel, refund or review yet."
    ),
)
