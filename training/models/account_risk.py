"""Scores accounts for taking part in fraud."""

from __future__ import annotations

from features.catalogue import of_entity
from features.declaration import ACCOUNT
from training.declaration import Model

MODEL = Model(
    name="account_risk",
    entity=ACCOUNT,
    signals=of_entity(ACCOUNT),
    typologies=("view_fraud", "engagement_fraud", "order_fraud"),
    question="Do the views, reactions or orders of this account serve fraud?",
    known_limits=(
        "No account has a verdict of its own, so the model is the released prior. A hijacked "
        "account and a person who is paid for a few views look like others."
    ),
)
