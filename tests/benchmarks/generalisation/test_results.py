"""What the parts of a run found is kept as Parquet and JSON, and read again the same."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.generalisation import results
from benchmarks.generalisation.real_sets.carriers import Carried, Ranking
from benchmarks.harness.figures import row


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Results are kept in a folder of their own."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(results, "CARRIERS", tmp_path / "carriers.json")
    return tmp_path


def test_frames_of_pieces_are_joined_and_refused_pieces_left_out(folder):
    """Two nights become one frame of tiers and one of figures; a refused night adds nothing."""
    one = pd.DataFrame({"operator_id": ["a"], "tier": ["B"]})
    two = pd.DataFrame({"error": [0.5]})
    results.keep("nights", [(one, two), None, (one, two)])
    pd.testing.assert_frame_equal(
        results.kept_frame("tiers"), pd.concat([one] * 2, ignore_index=True)
    )
    assert results.kept_frame("figures")["error"].tolist() == [0.5, 0.5]


def test_carriers_are_read_as_they_were_kept(folder):
    """Rows, their reasons and rankings survive, with unknown values."""
    rows = [
        row("a", "a share", 0.25, "make", "<= 0.1", [0.1, 0.4], why="too many"),
        row("b", "unknown", None, "make", "scored", holds=False),
    ]
    given = [Carried(rows, [Ranking("shops", 0.5, 0.9, "signal")]), Carried([], [])]
    results.keep("carriers", given)
    assert results.kept_carriers() == given
    assert not list(folder.glob("*.pickle"))
