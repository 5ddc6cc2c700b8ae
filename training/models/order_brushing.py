"""Was an order brushed?"""

from features.declaration import ORDER
from features.signals.orders import category_baseline, fulfilment, neighbours, purchase_context
from features.signals.sessions import coordination
from training.declaration import RANDOMISED, Model

MODEL = Model(
    name="order_brushing",
    entity=ORDER,
    signals=purchase_context.SIGNALS
    + category_baseline.SIGNALS
    + fulfilment.SIGNALS
    + neighbours.SIGNALS
    + tuple(s for s in coordination.SIGNALS if s.entity == ORDER),
    typologies=("order_fraud", "hostile_brushing"),
    question="Would a person who looked at this order confirm that nobody meant to buy the goods?",
    known_limits="It says that an order was brushed, not who wanted it: brushing may be hostile. Orders of the last days have no parcel, refund or review yet.",
    compares=True,
    parameters=RANDOMISED,
    rounds=400,
    rare=0.2,
)
