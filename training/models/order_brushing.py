"""Was an order brushed?"""

from features import categories, company, coordination, fulfilment, orders
from features.declare import ORDER
from training.declare import RANDOMISED, Model

MODEL = Model(
    name="order_brushing",
    entity=ORDER,
    signals=orders.SIGNALS
    + categories.SIGNALS
    + fulfilment.SIGNALS
    + company.SIGNALS
    + tuple(s for s in coordination.SIGNALS if s.entity == ORDER),
    typologies=("order_fraud", "hostile_brushing"),
    question="Would a person who looked at this order confirm that nobody meant to buy the goods?",
    known_limits="It says that an order was brushed, not who wanted it: brushing may be hostile. Orders of the last days have no parcel, refund or review yet.",
    compares=True,
    parameters=RANDOMISED,
    rounds=400,
    rare=0.2,
)
