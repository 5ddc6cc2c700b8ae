"""Claims about 16(4), 18, networks: only traffic after the notice, only removals beyond peers."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest

from features.engine.snapshot import Snapshot
from serving.oversight.findings import mcn_rollup, review_suppression, traffic_to_known_risk
from serving.policy.load import load_policy
from tests.spec.tables import ORDER, at, rows

POLICY = load_policy()


def links(*lines):
    sessions = rows(
        "session_id operator_id started_at", "s1 giver t0", "s2 risky t0", "s3 clean t0"
    )
    return Snapshot.from_frames(
        {
            "sessions": sessions,
            "room_links": rows("from_session_id to_session_id kind at viewers_sent", *lines),
        }
    )


def test_only_traffic_after_the_notice_counts():
    """Only traffic after the notice counts."""
    known = pd.Series({"risky": at(100)})
    got = traffic_to_known_risk(
        links("s1 s2 raid t100 50", "s1 s2 raid t101 70", "s1 s2 link t200 5", "s1 s3 raid t300 9"),
        known,
        datetime(2026, 1, 10),
    )
    assert got[["operator_id", "other_id", "value"]].to_numpy().tolist() == [
        ["giver", "risky", 75.0]
    ]
    assert traffic_to_known_risk(links("s1 s2 raid t100 50"), known, datetime(2026, 1, 10)).empty


def test_traffic_to_oneself_and_before_the_night_does_not_count():
    """Traffic to oneself and before the night does not count."""
    known = pd.Series({"risky": at(0), "giver": at(0)})
    own = links("s1 s1 link t5 50", "s1 s2 raid t5 50")
    assert traffic_to_known_risk(own, known, datetime(2026, 1, 11)).empty
    assert len(traffic_to_known_risk(own, known, datetime(2026, 1, 10))) == 1


def reviews(hidden: dict[str, int], bad: int = 20, by: str = "operator"):
    orders, lines = [], []
    for operator, gone in hidden.items():
        for i in range(bad):
            orders.append(f"{operator}{i} {operator} b{i} t0")
            lines.append(
                [
                    f"{operator}{i}",
                    "b",
                    at(9),
                    1,
                    at(99) if i < gone else pd.NaT,
                    by if i < gone else None,
                ]
            )
    frame = pd.DataFrame(
        lines, columns=["order_id", "account_id", "at", "rating", "removed_at", "removed_by"]
    ).assign(received_at=at(100))
    return Snapshot.from_frames({"orders": rows(ORDER, *orders), "reviews": frame})


def test_an_operator_that_hides_what_its_peers_leave_stands_out():
    """An operator that hides what its peers leave stands out."""
    got = review_suppression(reviews({"hider": 10, "a": 1, "b": 0, "c": 1}), POLICY.findings)
    assert got["operator_id"].tolist() == ["hider"] and got["value"].iloc[0] == 0.5
    assert got["peers"].iloc[0] == pytest.approx(3 / 62)  # two of sixty, and a pseudo-count a side


def test_common_removals_are_no_finding():
    """A removal that is common among peers is no finding, nor is one by the author."""
    assert review_suppression(reviews({"a": 6, "b": 6, "c": 6}), POLICY.findings).empty
    assert review_suppression(reviews({"hider": 10, "a": 0}, by="author"), POLICY.findings).empty
    assert review_suppression(
        reviews({"hider": 4, "a": 0}, bad=4), POLICY.findings
    ).empty  # too few to compare


def test_a_network_is_rolled_up_beside_everybody():
    """A network has its share in C and D beside that expected of all operators."""
    operators = rows(
        "operator_id mcn_id", *[f"x{i} m1" for i in range(4)], *[f"y{i} -" for i in range(96)]
    )
    tiers = pd.DataFrame(
        {
            "operator_id": operators["operator_id"],
            "tier": ["D", "C", "C", "A"] + ["A"] * 96,
            "expected_harm": 0.5,
        }
    )
    got = mcn_rollup(Snapshot.from_frames({"operators": operators}), tiers).iloc[0]
    assert (got["mcn_id"], got["operators"], got["in_c_or_d"], got["expected_share"]) == (
        "m1",
        4,
        3,
        0.03,
    )
    assert got["p_value"] < 0.001 and got["expected_harm"] == 2.0
