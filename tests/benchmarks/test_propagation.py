"""Claims about propagation: no verdict reaches its own account, new accounts are scored without
fitting again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.public_sets.propagation import NeighbourMeans, SpreadVerdicts, neighbour_means

EDGES = pd.DataFrame({"account": list("aabbccd"), "thing": ["x", "y", "x", "z", "y", "z", "w"]})


def test_neighbour_means_leave_the_account_itself_out():
    """Neighbour means leave the account itself out."""
    values = np.array([[1.0], [2.0], [4.0], [8.0]])
    rows, columns = np.array([0, 0, 1, 1, 2, 2, 3]), np.array([0, 1, 0, 2, 1, 2, 3])
    found = neighbour_means(rows, columns, values, 4).ravel()
    assert found[:3].tolist() == [3.0, 2.5, 1.5] and np.isnan(found[3])


def test_the_estimator_agrees_with_the_function_and_scores_a_stranger():
    """The estimator agrees with the function and scores a stranger."""
    signals = pd.DataFrame({"age": [1.0, 2.0, 4.0, 8.0]}, index=list("abcd"))
    fitted = NeighbourMeans().fit(EDGES, signals)
    found = fitted.transform(EDGES)
    assert found["neighbour_mean_age"].tolist()[:3] == [3.0, 2.5, 1.5]
    stranger = fitted.transform(
        pd.DataFrame({"account": ["new", "new"], "thing": ["x", "nowhere"]})
    )
    assert stranger.loc["new", "neighbour_mean_age"] == 1.5
    assert fitted.get_feature_names_out().tolist() == ["neighbour_mean_age"]


def test_out_of_fold_no_verdict_reaches_its_own_account():
    """Verdicts are coin throws, one account a thing: a rate that knew its own verdict would tell
    them apart."""
    rng = np.random.default_rng(3)
    accounts = np.array([f"a{i}" for i in range(2000)])
    edges = pd.DataFrame({"account": accounts, "thing": [f"t{i // 2}" for i in range(2000)]})
    verdict = pd.Series(rng.integers(0, 2, 2000), index=accounts)
    inside = SpreadVerdicts(strength=1).fit_transform(edges, verdict)["verdicts_mean"]
    assert abs(np.corrcoef(inside, verdict.reindex(inside.index))[0, 1]) < 0.08
    leaked = SpreadVerdicts(strength=1).fit(edges, verdict).transform(edges)["verdicts_mean"]
    assert np.corrcoef(leaked, verdict.reindex(leaked.index))[0, 1] > 0.5  # the test would see it


def test_verdicts_spread_through_things_to_new_accounts():
    """Verdicts spread through things to new accounts."""
    edges = pd.DataFrame(
        {"account": [f"a{i}" for i in range(40)], "thing": ["bad"] * 20 + ["good"] * 20}
    )
    verdict = pd.Series([1] * 20 + [0] * 20, index=edges["account"])
    found = (
        SpreadVerdicts()
        .fit(edges, verdict)
        .transform(
            pd.DataFrame({"account": ["n1", "n2", "n3"], "thing": ["bad", "good", "unseen"]})
        )
    )
    assert found.loc["n1", "verdicts_mean"] > 0.85 and found.loc["n2", "verdicts_mean"] < 0.15
    assert found.loc["n3", "verdicts_mean"] == pytest.approx(0.5)
    with pytest.raises(ValueError, match="no verdicts"):
        SpreadVerdicts().fit(edges, verdict.iloc[:0])
