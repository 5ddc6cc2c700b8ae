"""A platform that judges operators only teaches its sessions, orders and views."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import average_precision_score

from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from tests.conftest import START, UNTIL
from training.dataset.replay import Replay, replay_dataset
from training.estimator.prior import load_prior
from training.fitting.cross_fitting import (
    out_of_fold_scores,
    with_soft_labels,
    with_view_labels,
)
from training.fitting.fit import TooFewLabels, fit, verdict_counts
from training.fitting.trees import raw_scores, without_verdicts
from training.models.registry import BY_NAME

JUDGED_DAY = 14  # of the world's sixteen
MIN_FALSE_ORDERS = 2


@pytest.fixture(scope="module")
def judged_operators(tiny, tmp_path_factory) -> Path:
    """The small world with a verdict on each operator for views and one for orders, no others."""
    lake, truth = tmp_path_factory.mktemp("operators") / "lake", tiny.with_name("truth")
    shutil.copytree(tiny, lake, ignore=shutil.ignore_patterns("runs", "outcomes", "online"))
    tables = Snapshot.open(Lake(lake), UNTIL)
    sessions = tables["sessions"].select("session_id", "operator_id").to_pandas()
    orders = tables["orders"].select("order_id", "operator_id").to_pandas()
    false_sessions = set(pq.read_table(truth / "sessions").to_pandas()["session_id"])
    false_orders = set(pq.read_table(truth / "orders").to_pandas()["order_id"])
    at = pd.Timestamp(START) + pd.Timedelta(days=JUDGED_DAY)
    rows = []
    for typology, of, false, least in (
        ("view_fraud", sessions.set_index("session_id"), false_sessions, 1),
        ("order_fraud", orders.set_index("order_id"), false_orders, MIN_FALSE_ORDERS),
    ):
        counts = of.index.isin(false_sessions | false_orders if false is None else false)
        found = pd.Series(counts).groupby(of["operator_id"].to_numpy()).sum()
        for operator, count in found.items():
            rows.append(
                {
                    "entity_kind": "operator",
                    "entity_id": operator,
                    "typology": typology,
                    "verdict": "confirmed" if count >= least else "cleared",
                    "decided_at": at,
                    "source": "patrol",
                    "received_at": at,
                }
            )
    day = lake / "outcomes" / f"day={at:%Y-%m-%d}"
    day.mkdir(parents=True)
    like = next(iter(sorted((tiny / "outcomes").glob("*/*.parquet"))))
    schema = pq.read_schema(like)
    pq.write_table(
        pa.Table.from_pandas(pd.DataFrame(rows), schema=schema, preserve_index=False),
        day / "part-0.parquet",
    )
    return lake


def dataset(lake, name):
    return replay_dataset(Replay(Lake(lake), UNTIL, {}), BY_NAME[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["session_inflation", "order_brushing", "view_authenticity"])
def test_verdicts_on_operators_teach_what_they_did(judged_operators, tiny, name):
    """By truth, scores of groups that were left out are not below those of the prior.

    Where no prior is released, they are well above chance.
    """
    model, truth = BY_NAME[name], tiny.with_name("truth")
    data = dataset(judged_operators, name)
    assert not data.labels["direct"].any() and set(verdict_counts(model, data.labels)) == {
        "operator"
    }
    rows = len(data)
    taught = (with_view_labels if name == "view_authenticity" else with_soft_labels)(model, data)
    raw = out_of_fold_scores(model, taught)[:rows]
    table = {"order_brushing": "orders"}.get(name, "sessions")
    ids = set(pq.read_table(truth / table).to_pandas().iloc[:, 0])
    false = data.entity.isin(ids).to_numpy()
    known = np.isfinite(raw)
    assert known.mean() > 0.9 and 0 < false[known].mean() < 0.5
    found = average_precision_score(false[known], raw[known])
    if load_prior(name) is None:
        assert found > 1.5 * false[known].mean()
        return
    before = raw_scores(without_verdicts(model), data, known)
    assert found > average_precision_score(false[known], before) - 0.03


def test_too_few_verdicts_say_at_which_level_they_are(judged_operators):
    """Six verdicts on operators are named as such."""
    data = dataset(judged_operators, "session_inflation")
    confirmed = data.labels["confirmed"] == 1
    bags = [data.labels["bag"][m].unique()[:3] for m in (confirmed, ~confirmed)]
    few = data.take(np.flatnonzero(data.labels["bag"].isin(np.concatenate(bags))))
    with pytest.raises(TooFewLabels, match=r"3 confirmed and 3 cleared .*on operators 3 and 3"):
        fit(BY_NAME["session_inflation"], few)


def test_soft_rows_carry_the_verdicts_weight(judged_operators):
    """Copies of a row add to its weight, and each confirmed bag expects at least one false."""
    model, data = BY_NAME["order_brushing"], dataset(judged_operators, "order_brushing")
    small = data.take(np.flatnonzero(pd.factorize(data.labels["bag"])[0] < 40))
    soft = with_soft_labels(model, small)
    every = small.labels.assign(entity=small.entity)
    copies = soft.labels.assign(entity=soft.entity)
    whole = copies.groupby("entity")["weight"].sum()
    assert np.allclose(whole.reindex(every["entity"]), every["weight"])
    positive = copies[copies["confirmed"] == 1].groupby("bag")["weight"].sum()
    each = every.groupby("bag")["weight"].first()
    confirmed = every.groupby("bag")["confirmed"].max() == 1
    assert set(positive.index) == set(confirmed.index[confirmed])
    assert (positive >= each[positive.index] * 0.95).all()
