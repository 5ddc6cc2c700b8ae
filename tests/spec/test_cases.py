"""Every worked example on every engine, for all entities at once and one by one."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest

from data_contracts.contract import contract
from data_contracts.parquet import to_arrow, write_file
from features.catalogue import of_entity
from features.declaration import KEY
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.entities import NIGHTLY
from tests.spec.cases import CASES, example_markdown, example_of

AS_OF = datetime(2026, 1, 12)
MAX_ENTITIES_ALONE = 10
# Signals that no small table shows, because they compare an entity with very many others.
NEED_MANY_ENTITIES = {
    "audience_deviance",
    "buyer_block_density",
    "copying_commenter_residual",
    "forged_engagement_odds",
    "forged_view_odds",
    "forged_view_odds_mean",
    "forged_view_odds_max",
    "session_view_anomaly_score_mean",
    "scripted_comment_share",
    "session_engagement_anomaly_score",
    "session_engagement_anomaly_score_mean",
    "session_view_anomaly_score",
}
ids = [c.signal.name for c in CASES]


def lake_of(case, folder):
    for name, frame in case.tables.items():
        write_file(folder / f"{name}.parquet", to_arrow(contract(name), frame))
    return folder


def agrees(case, frame: pd.DataFrame) -> None:
    found = frame[case.signal.name].dropna().to_dict()
    assert found == pytest.approx(case.expected, rel=1e-9)


@pytest.mark.parametrize("entity", KEY)
def test_signals_have_worked_examples(entity):
    """Every nightly signal has a worked example, but those that need very many entities.

    Examples of kernels over minutes stand in `test_kernels.py`.
    """
    nightly = {s.name for s in of_entity(entity) if s.freshness == NIGHTLY}
    assert nightly - {c.signal.name for c in CASES} <= NEED_MANY_ENTITIES


def test_example_is_given_as_data():
    """The worked example of a signal holds its claim, the rows it is written with, its values."""
    example = example_of("parcel_to_goods_weight_ratio")
    assert example is not None and example["values"] == {"r1": 0.59, "r2": 0.6}
    assert example["tables"]["parcels"][0] == {
        "order_id": "r1",
        "sender_id": "w",
        "weight_g": 59.0,
        "goods_weight_g": 100.0,
    }
    assert example_of("no_such_signal") is None
    text = example_markdown("parcel_to_goods_weight_ratio")
    assert text is not None and text.startswith(
        "A parcel is compared with the weight of its goods."
    )
    assert "| r1 | w | 59.0 | 100.0 |" in text and text.endswith("Values: r1: 0.59, r2: 0.6")
    assert example_markdown("buyer_lockstep_partner_count") is None  # too many rows to print


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_on_duckdb(case, tmp_path):
    """A worked example holds on DuckDB."""
    tables = Snapshot.open(lake_of(case, tmp_path), AS_OF)
    agrees(case, compute(tables, [case.signal], case.signal.entity))


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_through_a_pandas_frame(case):
    """A worked example holds on pandas frames."""
    frames = Snapshot.from_frames(case.tables, AS_OF)
    agrees(case, compute(frames, [case.signal], case.signal.entity))


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_one_by_one(case, tmp_path):
    """A worked example holds where its signal is computed alone."""
    tables = Snapshot.open(lake_of(case, tmp_path), AS_OF)
    some = list(case.expected.items())[:: 1 + len(case.expected) // MAX_ENTITIES_ALONE]
    for entity, value in some:
        scope = entity.rpartition("#")[0] or entity  # of a view, its session
        frame = compute(tables, [case.signal], case.signal.entity, only=[scope])
        assert frame.at[entity, case.signal.name] == pytest.approx(value, rel=1e-9)


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark", reason="pyspark is an extra: make test-spark installs it")
    from features.engine.spark import session

    one = session()
    one.sparkContext.setLogLevel("ERROR")
    yield one
    one.stop()


@pytest.mark.spark
@pytest.mark.parametrize("case", CASES, ids=ids)
def test_on_spark(case, tmp_path, spark):
    """A worked example holds on Spark."""
    from features.engine.spark import spark_snapshot

    agrees(
        case,
        compute(
            spark_snapshot(lake_of(case, tmp_path), AS_OF, spark), [case.signal], case.signal.entity
        ),
    )


@pytest.mark.spark
def test_one_whole_nights_signals_agree_between_duckdb_and_spark(tiny, spark, record_property):
    """Integers exactly, floats to 1e-9, over every signal of the catalogue in the scope of one
    night."""
    import numpy as np

    from features import catalogue
    from features.engine.spark import spark_snapshot
    from serving.scoring.scope import moment_of, scope_of_night
    from tests.conftest import NIGHT

    as_of = moment_of(NIGHT)
    one, other = Snapshot.open(tiny, as_of), spark_snapshot(tiny, as_of, spark)
    scope = scope_of_night(one, as_of)
    compared = 0
    for entity, only in (
        ("session", scope.sessions),
        ("order", scope.orders),
        ("operator", None),
        ("account", None),
    ):
        a = compute(one, catalogue.of_entity(entity), entity, only)
        b = compute(other, catalogue.of_entity(entity), entity, only)
        assert a.index.equals(b.index)
        for name in a.columns:
            x, y = a[name].to_numpy(), b[name].to_numpy()
            whole = np.isnan(x) | (x == np.round(x))
            assert np.array_equal(x[whole], y[whole], equal_nan=True), name
            np.testing.assert_allclose(x[~whole], y[~whole], rtol=1e-9, atol=0, err_msg=name)
        compared += a.size
    record_property("values_compared", compared)
    print(f"{compared} values compared")  # noqa: T201
    assert compared > 50_000
