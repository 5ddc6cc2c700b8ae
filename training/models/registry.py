"""The explicit tuple of models."""

from training.declaration import Model
from training.models import (
    account_risk,
    operator_rank,
    order_brushing,
    session_inflation,
    session_inflation_live,
    view_authenticity,
)

MODELS: tuple[Model, ...] = (
    session_inflation.MODEL,
    session_inflation_live.MODEL,
    view_authenticity.MODEL,
    order_brushing.MODEL,
    operator_rank.MODEL,
)
# No account has a verdict of its own: its model is the released prior.
BY_NAME = {m.name: m for m in (*MODELS, account_risk.MODEL)}
