"""Results of worlds that a run of decisions keeps."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.decisions import judged_worlds
from benchmarks.decisions.judged_worlds import One, keep_result, read_result, result_folder


@pytest.fixture
def one():
    """A result of one operator and one figure."""
    operators = pd.DataFrame({"operator_id": ["o1"], "tier": ["B"], "world": [900]})
    return One(operators, pd.DataFrame({"measure": ["views"], "truth": [3.0]}), 4, 4)


def test_a_world_that_was_judged_is_read_again(one, tmp_path):
    """What is read is what was kept."""
    folder = tmp_path / "judged" / "small-900"
    assert read_result(folder) is None
    keep_result(folder, one)
    found = read_result(folder)
    pd.testing.assert_frame_equal(found.operators, one.operators)
    pd.testing.assert_frame_equal(found.figures, one.figures)
    assert (found.decisions, found.replayed) == (4, 4)


def test_a_half_written_result_is_none(one, tmp_path, monkeypatch):
    """A world counts as judged when all of its result is there."""
    folder = tmp_path / "judged" / "small-900"
    monkeypatch.setattr(judged_worlds.json, "dumps", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keep_result(folder, one)
    assert read_result(folder) is None
    monkeypatch.undo()
    keep_result(folder, one)
    assert read_result(folder) is not None


def test_other_code_or_models_judge_a_world_anew(tmp_path, monkeypatch):
    """The folder of a result names what decided it."""
    monkeypatch.setattr(judged_worlds, "champions", lambda _models: {"operator_rank": "v1"})
    first = result_folder("small-900", tmp_path)
    monkeypatch.setattr(judged_worlds, "champions", lambda _models: {"operator_rank": "v2"})
    second = result_folder("small-900", tmp_path)
    monkeypatch.setattr(judged_worlds, "sources_digest", lambda: "other")
    assert len({first, second, result_folder("small-900", tmp_path)}) == 3
