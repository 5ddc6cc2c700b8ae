"""Delivery of event families: clocks, cuts, missing columns, verdicts and their quality."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulation.families.event_delivery.patrol import Entities, PatrolPlan, deliver_outcomes
from simulation.families.event_delivery.tables import Delivery, EventTable, spans

NOON = 1_750_000_000.0


def delivery(folder, **changes):
    """A lake on a clock of minutes that was copied a day after noon."""
    settings = {"clock_seconds": 60.0, "end": NOON + 86_400} | changes
    return Delivery(folder / "lake", folder / "truth", 3, **settings)


def entities(guilty):
    """Sessions of which some are guilty; all can be judged from noon on."""
    ids = pa.array([f"s{i}" for i in range(len(guilty))])
    ready = np.full(len(guilty), NOON)
    return Entities("session", ids, ready, guilty * 3.0, {"view_fraud": guilty})


def plan(**changes):
    """A patrol that judges half at random, quickly and without error."""
    kept = {"verdicts": 40, "audited": 0.5, "wrong": 0.0, "delay_days": 0.01, "appeals": 0.0}
    return PatrolPlan(**(kept | changes))


def judged(folder, guilty, **changes):
    """Outcomes that a patrol delivers."""
    rng = np.random.default_rng(1)
    deliver_outcomes(delivery(folder), rng, plan(**changes), entities(guilty))
    return pq.read_table(folder / "lake" / "outcomes.parquet").to_pandas()


def test_table_repeats_scalars_and_refuses_unknown_columns():
    """A table repeats scalars and refuses unknown columns."""
    table = EventTable(session=-1, at=0.0)
    table.append(2, at=np.array([1.0, 2.0]))
    table.append(1, session=7)
    assert table.joined()["session"].tolist() == [-1, -1, 7]
    with pytest.raises(KeyError, match="no such columns"):
        table.append(1, where=3)


def test_spans_name_owner_and_place():
    """Spans name their owner and place."""
    owner, place = spans(np.array([2, 0, 3]))
    assert owner.tolist() == [0, 0, 2, 2, 2]
    assert place.tolist() == [0, 1, 0, 1, 2]


def test_clock_is_as_coarse_as_the_platform(tmp_path):
    """Clocks are as coarse as the platform's."""
    times = delivery(tmp_path).times(np.array([120.9, np.nan])).to_pylist()
    assert times[0].second == 0 and times[0].minute == 2 and times[1] is None


def test_rows_after_the_copy_and_missing_columns_are_absent(tmp_path):
    """Rows after the copy and missing columns are absent."""
    lake = delivery(tmp_path, missing_columns=("boosts.amount",), missing_tables=("notices",))
    received = np.array([NOON + 2 * 86_400, NOON])
    columns = {
        "session_id": lake.ids("session", np.arange(2)),
        "starts_at": lake.times(received),
        "amount": np.ones(2),
    }
    lake.deliver("boosts", columns, received)
    lake.deliver("notices", {}, received)
    rows = pq.read_table(tmp_path / "lake" / "boosts.parquet").to_pandas()
    assert len(rows) == 1 and rows["amount"].isna().all()
    assert not (tmp_path / "lake" / "notices.parquet").exists()


def test_seeds_share_no_identifier(tmp_path):
    """Seeds share no identifier."""
    index = np.arange(1_000)
    first = delivery(tmp_path).ids("account", index).to_pylist()
    second = Delivery(tmp_path, tmp_path, 4, 1.0, NOON).ids("account", index).to_pylist()
    assert not set(first) & set(second) and len(set(first)) == 1_000


def test_patrol_is_selective_and_audit_is_fair(tmp_path):
    """The patrol finds far more than the random audit, and without error both are right."""
    guilty = np.arange(400) % 10 == 0
    rows = judged(tmp_path, guilty)
    names = np.array([int(i[1:]) for i in rows["entity_id"]])
    assert ((rows["verdict"] == "confirmed").to_numpy() == guilty[names]).all()
    found = rows.assign(hit=guilty[names]).groupby("source")["hit"].mean()
    assert found["patrol"] > 0.5 > found["random_audit"]


def test_wrong_verdicts_contradict_the_truth(tmp_path):
    """Wrong verdicts contradict the truth."""
    guilty = np.arange(400) % 10 == 0
    rows = judged(tmp_path, guilty, verdicts=400, wrong=0.25)
    names = np.array([int(i[1:]) for i in rows["entity_id"]])
    wrong = ((rows["verdict"] == "confirmed").to_numpy() != guilty[names]).mean()
    assert 0.15 < wrong < 0.35


def test_late_verdicts_are_not_in_the_lake_yet(tmp_path):
    """Late verdicts are not in the lake yet."""
    rows = judged(tmp_path, np.ones(400, bool), verdicts=400, delay_days=1.0)
    assert 0 < len(rows) < 350
