"""A thousand measures are taken back in one act, with all that followed from them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.lake import Lake
from serving.ledger.hash_chain import GENESIS_DIGEST, read_records, record_line, seal_record
from serving.oversight.grading.compliance import TakenMeasures
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.undo import BadUndo, UndoRequest, undo_measures
from serving.policy.load import load_policy

POLICY = load_policy()
T0 = datetime(2026, 3, 2)
MEASURES = 1_000


@pytest.fixture
def lake(tmp_path):
    """A lake in which a broken export made the desk block a thousand operators."""
    one, digest, lines = Lake(tmp_path / "lake"), GENESIS_DIGEST, []
    for i in range(MEASURES):
        line = {
            "measure_id": f"m{i}",
            "operator_id": f"o{i}",
            "code": "block",
            "article": "Order 117 12 ¶1",
            "by": "desk",
            "effective_from": T0.isoformat(),
            "effective_to": (T0 + timedelta(days=30)).isoformat(),
        }
        sealed = seal_record(line, digest)
        digest = sealed["sha256"]
        lines.append(record_line(sealed))
    one.measures.parent.mkdir(parents=True)
    one.measures.write_bytes(b"".join(lines))
    return one


def test_a_thousand_measures_are_undone_in_one_act(lake):
    """One line of the record undoes all; floors and compliance are those of before."""
    now = T0 + timedelta(days=1)
    ids = [f"m{i}" for i in range(MEASURES)]
    assert len(read_measures(lake).floors(now, POLICY)) == MEASURES
    request = UndoRequest(ids, "desk", "a broken export", "lead")
    line = undo_measures(lake, request, now, POLICY)
    assert len(read_records(lake.measures)) == MEASURES + 1
    assert len(line["notices"]) == MEASURES  # each subject is told
    state = read_measures(lake)
    assert state.floors(now, POLICY) == {} and state.in_force(now) == []
    nothing = pd.DataFrame(columns=["operator_id", "measure", "at"])
    assert TakenMeasures(state, nothing).rows("operator", now, POLICY).empty
    assert state.in_force(now - timedelta(hours=1)) != []  # the record knows what was
    with pytest.raises(BadUndo, match=f"{MEASURES} of {MEASURES}"):
        undo_measures(lake, request, now, POLICY)
