"""Scores orders for brushing."""

from features.declaration import ORDER, signals_in
from features.signals.orders import (
    bursts,
    category_baseline,
    coordination,
    fulfilment,
    neighbours,
    purchase_context,
    shared_identity,
)
from training.declaration import RANDOMISED, Model

MODEL = Model(
    name="order_brushing",
    entity=ORDER,
    signals=signals_in(
        bursts,
        shared_identity,
        purchase_context,
        category_baseline,
        fulfilment,
        neighbours,
        coordination,
        entity=ORDER,
    ),
    typologies=("order_fraud", "hostile_brushing"),
    question="Would a reviewer confirm that this order was placed without the intent to buy?",
    known_limits=(
        "It finds a brushed order, not the party that ordered it: brushing may be hostile. "
        "Orders of the last days have no parcel, refund or review yet."
    ),
    peer_relative=True,
    parameters=RANDOMISED,
    rounds=400,
    rarity_weight=0.2,
)
