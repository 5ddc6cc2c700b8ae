"""Models list signals of their own entity."""

from __future__ import annotations

import pytest

from training.declaration import Model
from training.models.registry import MODELS


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_model_lists_signals_of_its_entity(model: Model):
    """A model lists signals of its own entity and has a control without graphs."""
    assert {s.entity for s in model.signals} == {model.entity}
    assert len(set(model.columns)) == len(model.columns)
    graph = [s.name for s in model.signals if s.graph]
    assert list(model.graph_columns()) == graph
    assert set(model.size_signals) <= set(model.columns)
