"""What appeals say of labels: their weight, and the reasons that failed (ADR-0291).

Verdicts on appeals are rows of `outcomes`. Their weight and the reasons that they overturned lie in
the record of appeals.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.storage.torn_tail import tail_start
from training.declaration import Model

WON = "error"


def _decided(lake: LakeOrFolder, until: datetime) -> Iterator[dict[str, Any]]:
    """Decided appeals whose labels count before a moment, oldest first."""
    appeals = Lake.open(lake).appeals
    if not appeals.exists():
        return
    for line in appeals.read_bytes()[: tail_start(appeals)].splitlines():
        event = json.loads(line)
        if event.get("event") == "decided" and event.get("labels_from", "9") < until.isoformat():
            yield event


def with_appeal_weights(
    labels: pd.DataFrame, lake: LakeOrFolder, kind: str, until: datetime
) -> pd.DataFrame:
    """Labels with the weight of verdicts on appeals; without such a verdict as they are.

    Parameters
    ----------
    labels
        Labels of entities of a kind, index entity_id.
    lake, kind, until
        The lake, the kind of entity, and the moment up to which labels are known.
    """
    weight = {
        entity: float(event["label_weight"])
        for event in _decided(lake, until)
        for of_kind, entity in event["entities"]
        if of_kind == kind
    }
    known = [e for e in labels.index if e in weight]
    if not known:
        return labels
    return labels.assign(weight=labels.index.map(weight).astype(float).fillna(1.0))


def failed_reasons(lake: LakeOrFolder, model: Model, until: datetime) -> tuple[int, Counter[str]]:
    """Accusations that appeals overturned, and how often each signal was a reason of one.

    Only signals that the model reads count; an accusation counts where it has one of them.
    """
    columns, overturned = set(model.columns), 0
    found: Counter[str] = Counter()
    for event in _decided(lake, until):
        mine = columns & set(event.get("failed_reasons", ()))
        if event["verdict"] == WON and mine:
            overturned += 1
            found.update(mine)
    return overturned, found
