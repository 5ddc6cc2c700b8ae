"""Credit: four sub-scores at worked values, unknown left out, nothing internal in public."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from data_contracts.runs import read_outbound
from features.engine.snapshot import Snapshot
from serving.oversight.credit import credit, level_of, public_view
from serving.policy.load import load_policy
from tests.spec.tables import ORDER, rows

POLICY = load_policy()
AS_OF = datetime(2026, 1, 12)
NAMES = pd.Index(["good", "bad", "silent"], name="operator_id")


def scored(**tables):
    return credit(Snapshot.from_frames(tables), NAMES, AS_OF, POLICY).set_index("operator_id")


def trade():
    orders = rows(
        ORDER,
        *[f"g{i} good b{i} t{i}" for i in range(10)],
        *[f"x{i} bad c{i} t{i}" for i in range(10)],
    )
    reviews = rows(
        "order_id account_id at rating",
        *[f"g{i} b{i} t9 5" for i in range(10)],
        *[f"x{i} c{i} t9 1" for i in range(10)],
    )
    return {"orders": orders, "reviews": reviews}


def test_ratings_are_shrunk_towards_everybody():
    """Ten fives and ten ratings of the general mean of three make a mean of four: 75 points."""
    got = scored(**trade())
    assert got.at["good", "ratings"] == pytest.approx(75.0) and got.at[
        "bad", "ratings"
    ] == pytest.approx(25.0)
    assert np.isnan(got.at["silent", "ratings"])  # nobody rated it: that is unknown, not as usual


def test_a_review_that_the_operator_removed_still_counts():
    """A review that the operator removed still counts."""
    given = trade()
    hidden = given["reviews"].assign(removed_at=pd.Timestamp("2026-01-11"), removed_by="operator")
    assert scored(**given | {"reviews": hidden}).at["bad", "ratings"] == pytest.approx(25.0)


def test_late_upheld_complaint_weighs_more():
    """An upheld and late complaint weighs more than one that was settled in time."""

    def complaint(closed, upheld):
        row = rows("complaint_id operator_id kind opened_at due_at", "c1 bad other t0 t3600")
        return row.assign(closed_at=pd.Timestamp(closed) if closed else pd.NaT, upheld=upheld)

    given = trade()
    late = scored(**given, complaints=complaint("2026-01-11 20:00", True))
    kept = scored(**given, complaints=complaint("2026-01-10 20:30", False))
    still = scored(**given, complaints=complaint(None, None))
    assert (
        late.at["bad", "complaints"]
        < still.at["bad", "complaints"]
        < kept.at["bad", "complaints"]
        == pytest.approx(100.0)
    )
    assert (
        late.at["bad", "late_count"],
        kept.at["bad", "late_count"],
        still.at["bad", "late_count"],
    ) == (1, 0, 1)
    assert late.at["bad", "complaints"] < late.at["good", "complaints"]


def test_a_disposition_takes_points_by_its_step_and_fades_by_half():
    """A disposition takes points by its step and fades by half."""
    given = rows(
        "disposition_id operator_id measure at",
        "d1 bad block t0",
        "d2 good popup t0",
        "d3 good unheard t0",
    )
    got = scored(dispositions=given)
    faded = 0.5 ** (
        (pd.Timestamp(AS_OF) - pd.Timestamp("2026-01-10 20:00")).total_seconds()
        / 86400
        / POLICY.credit.half_life_days
    )
    assert got.at["bad", "handling"] == pytest.approx(
        100 - 8 * POLICY.severity("block") * faded, abs=1e-5
    )
    assert (
        got.at["good", "handling"] == pytest.approx(100 - 2 * 8 * faded, abs=1e-5)
        and got.at["silent", "handling"] == 100.0
    )


def test_only_a_regulators_notice_counts_against_notices():
    """Only a regulator's notice lowers the sub-score of notices."""
    got = scored(
        notices=rows(
            "notice_id operator_id issuer at", "n1 bad regulator t0", "n2 good platform t0"
        )
    )
    assert got.at["bad", "notices"] < 65 and got.at["good", "notices"] == 100.0


def test_what_is_unknown_is_left_out_and_nobody_is_rated_on_nothing():
    """Unknown sub-scores are left out, and an operator without any is unrated."""
    got = scored(notices=rows("notice_id operator_id issuer at", "n1 bad regulator t0"))
    assert got["ratings"].isna().all() and got.at["silent", "credit"] == 100.0
    empty = scored()
    assert empty["credit"].isna().all() and set(empty["level"]) == {"unrated"}


LEVELS = [
    *((80.0, "excellent"), (79.999, "good"), (60.0, "good")),
    *((40.0, "fair"), (39.9, "poor"), (None, "unrated")),
]


@pytest.mark.parametrize(("points", "level"), LEVELS)
def test_a_level_begins_exactly_at_its_points(points, level):
    """A level begins exactly at its points."""
    assert level_of(points, POLICY)[0] == level


def test_the_public_view_shows_no_internal_signal(published):
    """The public view shows no internal signal."""
    row = read_outbound(published, "credit").to_dict("records")[0]
    view = public_view(row, POLICY)
    assert set(view) == {
        "operatorId",
        "credit",
        "level",
        "subScores",
        "complaints",
        "entitlements",
        "asOf",
        "policyVersion",
        "appeal",
    }
    text = json.dumps(view)
    assert (
        "risk" not in text
        and "signal" not in text
        and "tier" not in text
        and not any(np.isnan(v) for v in view["subScores"].values() if v)
    )
