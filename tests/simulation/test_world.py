"""The simulated platform."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_contracts.errors import LakeProblem
from simulation.population import LOOKALIKES
from simulation.schemes import SCHEMES
from simulation.world import WorldSpec, write_world

START = date(2026, 1, 5)


def bytes_of(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*.parquet"))
    }


def read(folder, name):
    return pd.concat(
        [pq.read_table(p).to_pandas() for p in sorted((folder / name).rglob("*.parquet"))]
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    """The same seed gives the same bytes, and another seed does not."""
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_world(tmp_path / name, tmp_path / f"{name}-truth", WorldSpec(seed, "tiny", START, 3))
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert bytes_of(tmp_path / "a-truth") == bytes_of(tmp_path / "b-truth")
    assert bytes_of(tmp_path / "a") != bytes_of(tmp_path / "c")


def test_every_scheme_can_be_planted_and_leaves_rows_that_carry_it(tmp_path):
    """Every scheme can be planted and leaves rows that carry it."""
    for scheme in SCHEMES[1:]:
        folder = tmp_path / scheme
        write_world(folder, tmp_path / f"{scheme}-truth", WorldSpec(5, "tiny", START, 3, (scheme,)))
        truth = tmp_path / f"{scheme}-truth"
        rows = sum(
            pq.read_table(p).num_rows
            for kind in ("views", "interactions", "orders")
            for p in (truth / kind).glob("*.parquet")
        )
        assert rows > 0, scheme


def test_an_honest_world_has_no_planted_rows_and_no_true_confirmation(tmp_path):
    """An honest world has no planted rows and no true confirmation."""
    write_world(tmp_path / "w", tmp_path / "t", WorldSpec(5, "tiny", START, 6, ()))
    assert sum(pq.read_table(p).num_rows for p in (tmp_path / "t").rglob("day-*.parquet")) == 0
    outcomes = read(tmp_path / "w", "outcomes")
    assert (outcomes["verdict"] == "confirmed").mean() < 0.1  # errors of verdict only


def test_all_look_alikes_of_the_domain_occur(tiny):
    """All look-alikes of the domain occur."""
    found = set(
        pq.read_table(tiny.with_name("truth") / "lookalikes.parquet").to_pandas()["lookalike"]
    )
    assert found == set(LOOKALIKES)


def test_outcomes_come_late_and_appeals_only_overturn(tiny):
    """Outcomes come late, and appeals only overturn."""
    outcomes, sessions = read(tiny, "outcomes"), read(tiny, "sessions").set_index("session_id")
    judged = outcomes[outcomes["entity_kind"] == "session"].join(
        sessions["ended_at"], on="entity_id"
    )
    assert (judged["decided_at"] > judged["ended_at"]).all()
    assert set(outcomes.loc[outcomes["source"] == "appeal", "verdict"]) <= {"cleared"}


def test_nothing_is_delivered_before_it_happened(tiny):
    """Nothing is delivered before it happened."""
    for name, column in (
        ("views", "left_at"),
        ("orders", "placed_at"),
        ("parcels", "signed_at"),
        ("sessions", "ended_at"),
    ):
        frame = read(tiny, name)
        assert (frame["received_at"] >= frame[column]).all(), name


def test_events_lie_inside_their_session(tiny):
    """Events lie inside their session."""
    joined = read(tiny, "views").merge(read(tiny, "sessions"), on="session_id", suffixes=("", "_s"))
    assert (joined["joined_at"] >= joined["started_at"]).all() and (
        joined["left_at"] <= joined["ended_at"]
    ).all()


def test_counters_by_minute_agree_with_the_events_they_count(tiny):
    """Counters by minute agree with the events they count."""
    minutes = (
        read(tiny, "room_minutes").groupby("session_id")[["joins", "comments", "orders"]].sum()
    )
    views = read(tiny, "views").groupby("session_id").size().reindex(minutes.index).fillna(0)
    late = read(tiny, "sessions")["received_at"].max()
    done = read(tiny, "sessions").set_index("session_id")["received_at"] < late
    ids = minutes.index[done.reindex(minutes.index).fillna(False)]
    assert (minutes.loc[ids, "joins"] == views.loc[ids]).all()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    """A folder that is not empty is left alone."""
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "mine.txt").write_text("keep")
    with pytest.raises(LakeProblem, match="not empty"):
        write_world(tmp_path / "w", tmp_path / "t", WorldSpec(1, "tiny", START, 1))
    assert [p.name for p in (tmp_path / "w").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("size", "schemes", "words"), [("huge", None, "no size"), ("tiny", ("magic",), "no scheme")]
)
def test_unknown_names_are_answered_with_those_there_are(tmp_path, size, schemes, words):
    """Unknown names are answered with the known ones."""
    with pytest.raises(LakeProblem, match=words):
        write_world(tmp_path / "w", tmp_path / "t", WorldSpec(1, size, START, 1, schemes))
    assert not (tmp_path / "w").exists()


def test_no_floor_below_benchmarks_and_tests_reads_planted_truth():
    """Only the room that learns the prior reads it, and no command imports that room."""
    for floor in ("data_contracts", "features", "training", "serving", "notebooks"):
        for path in Path(floor).rglob("*.py"):
            if path.is_relative_to("training/prior"):
                continue
            text = path.read_text("utf-8")
            assert "truth /" not in text and '.truth"' not in text.replace(
                'folder.name + ".truth"', ""
            ), path


def test_private_group_comes_by_the_link_every_day(tmp_path):
    """A private group comes by the link soon after it and is the same people every day."""
    write_world(tmp_path / "w", tmp_path / "t", WorldSpec(7, "tiny", START, 6, ()))
    like = pq.read_table(tmp_path / "t" / "lookalikes.parquet").to_pandas()
    groups = set(like.loc[like["lookalike"] == "private_group", "operator_id"])
    sessions = read(tmp_path / "w", "sessions").set_index("session_id")
    views = read(tmp_path / "w", "views").join(sessions, on="session_id", rsuffix="_session")
    shared = views[views["entry_source"] == "share"]
    share = shared.groupby("operator_id").size() / views.groupby("operator_id").size()
    assert share[share.index.isin(groups)].min() > 2 * share[~share.index.isin(groups)].median()
    theirs = shared[shared["operator_id"].isin(groups)]
    soon = (theirs["joined_at"] - theirs["started_at"]).dt.total_seconds() < 600
    assert soon.mean() > 0.5
    days = theirs[soon].groupby(["operator_id", "account_id"])["session_id"].nunique()
    count = theirs.groupby("operator_id")["session_id"].nunique()
    assert days[days.index.get_level_values(0).isin(count.index[count > 2])].median() >= 2


def test_resellers_order_a_dozen_times_within_minutes_and_pay_by_one_purse(tmp_path):
    """Resellers order a dozen times within minutes and pay by one purse."""
    write_world(tmp_path / "w", tmp_path / "t", WorldSpec(7, "small", START, 3, ()))
    like = pq.read_table(tmp_path / "t" / "lookalikes.parquet").to_pandas()
    shops = set(like.loc[like["lookalike"] == "bulk_buyers", "operator_id"])
    runs = read(tmp_path / "w", "orders").groupby(["operator_id", "session_id", "buyer_id"])
    runs = runs.agg(
        n=("order_id", "size"),
        payers=("payer_id", "nunique"),
        first=("placed_at", "min"),
        last=("placed_at", "max"),
    ).reset_index()
    bulk = runs[(runs["n"] >= 6) & (runs["last"] - runs["first"] < pd.Timedelta(minutes=30))]
    of_shop, operators = bulk["operator_id"].isin(shops), len(read(tmp_path / "w", "operators"))
    assert (
        of_shop.sum() / len(shops) > 5 * (~of_shop).sum() / (operators - len(shops))
        and (bulk["payers"] == 1).all()
    )
