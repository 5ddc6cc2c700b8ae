"""Claims about single views of a night: whose count, whose are evidence at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.posteriors.view_mixture import mixtures
from serving.scoring.view_evidence import ViewEvidence, ViewSet, sessions_to_assess


def test_buyers_views_count_in_the_share_only():
    """Views of those who ordered in a session do not accuse it and are in its false share.

    All that a session shows were bought by a rival: its buyers' views are false beyond doubt and
    nobody else's are.
    """
    ordered = np.tile([True] * 10 + [False] * 30, 2)
    ratio = np.where(ordered, 500.0, 0.01)
    ratio[40:50], ratio[50:80] = 0.01, 0.01  # the second session is clean
    start = np.array([0, 40, 80])
    names = pd.Index(["rival", "clean"], name="session_id")
    views = pd.DataFrame(
        {
            "session_id": np.repeat(names, 40),
            "account_id": [f"a{i}" for i in range(80)],
            "ordered": ordered,
        }
    )
    found = mixtures(ratio, start)
    judged = mixtures(np.where(ordered, 1.0, ratio), start).factor
    evidence = ViewEvidence(
        views,
        start,
        ratio,
        found,
        pd.DataFrame({"all": found.factor, "judged": judged}, index=names),
        0.0,
    )
    before = np.array([0.1, 0.1])
    assert (
        evidence.update(before, names)[0]
        <= 0.1
        < 0.4
        < evidence.update(before, names, ViewSet.ALL)[0]
    )
    found = evidence.shares(pd.Series([1.0, 0.0], index=names))
    share = pd.Series(found.share, index=names)
    assert share["rival"] == pytest.approx(0.25, abs=0.05) and share["clean"] == 0.0


def test_night_assesses_its_own_views_and_a_few_others(monkeypatch):
    """A night assesses all its own views, and others while they are few."""
    monkeypatch.setattr("serving.scoring.view_evidence.MAX_ASSESSED_VIEWS", 1000)
    views = pd.Series(
        {"tonight": 400.0, **{f"s{i:02d}": 100.0 for i in range(20)}, "empty": np.nan}
    )
    evidence = sessions_to_assess(views, pd.Index(["tonight"]))
    assert "tonight" in evidence and len(set(evidence) & {f"s{i:02d}" for i in range(20)}) == 6
    assert (
        evidence == sessions_to_assess(views.iloc[::-1], pd.Index(["tonight"])) == sorted(evidence)
    )
    huge = sessions_to_assess(views.where(views.index != "tonight", 1e6), pd.Index(["tonight"]))
    assert huge == ["tonight"]
