"""The explicit tuple of models."""

from training.declaration import Model
from training.models import (
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
BY_NAME = {m.name: m for m in MODELS}
