"""Reports to authorities and to the public: what is in them, and what is still unreported."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta

import pandas as pd
import pytest
from typer.testing import CliRunner

from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from serving.cli.main import app
from serving.gate.assessments.identity import Identity
from serving.ledger.hash_chain import append_record, first_broken_line
from serving.oversight.appeals.appeal_record import Appeal
from serving.oversight.reports.credit_rules import credit_rules
from serving.oversight.reports.identity_report import identity_report
from serving.oversight.reports.integrity_report import (
    appeals_of,
    integrity_page,
    integrity_report,
)
from serving.oversight.reports.measure_report import (
    BadReport,
    Period,
    mark_reported,
    measure_report,
    public_list,
)
from serving.policy.load import load_policy

POLICY = load_policy()
JANUARY = Period(datetime(2026, 1, 1), datetime(2026, 2, 1))
NOW = datetime(2026, 2, 3)
runner = CliRunner()


def line(measure_id, code, day):
    start = datetime(2026, 1, day)
    return {
        "measure_id": measure_id,
        "operator_id": "o1",
        "subject_kind": "operator",
        "subject_id": "o1",
        "code": code,
        "counts_as": POLICY.ladder_step(code).counts_as,
        "article": "Order 117 12 ¶1",
        "by": "desk",
        "approver": "lead",
        "reason": "why",
        "facts": {"en": "secret"},
        "signals": [],
        "policy_version": "1",
        "effective_from": start.isoformat(timespec="seconds"),
        "effective_to": (start + timedelta(days=90)).isoformat(timespec="seconds"),
        "appeal_route": "desk",
        "appeal_due": (start + timedelta(days=15)).isoformat(timespec="seconds"),
    }


@pytest.fixture
def lake(tmp_path):
    made = Lake.open(tmp_path)
    for one in (line("m1", "warn", 5), line("m2", "blacklist", 9), line("m3", "deduct_deposit", 9)):
        append_record(made.measures, one)
    return made


def ids(report):
    return [m["measure_id"] for m in report["measures"]]


def test_each_level_gets_what_is_due_to_it(lake):
    """The county gets codes of Art. 12, the province blacklisting; a deposit goes to neither."""
    county = measure_report(lake, "county", JANUARY, NOW, POLICY)
    province = measure_report(lake, "province", JANUARY, NOW, POLICY)
    assert ids(county) == ["m1", "m2"] and ids(province) == ["m2"]
    assert county["still_unreported"] == ["m1", "m2"]
    assert "AUCL 21" in county["basis"]
    with pytest.raises(BadReport, match="county, province"):
        measure_report(lake, "city", JANUARY, NOW, POLICY)


def test_what_was_sent_is_unreported_no_more(lake):
    """By level; a measure of an earlier period that was never sent is still named."""
    first = Period(datetime(2026, 1, 1), datetime(2026, 1, 8))
    sent = measure_report(lake, "county", first, NOW, POLICY)
    with pytest.raises(BadReport, match="--by"):
        mark_reported(lake, sent, "text", " ", NOW)
    mark_reported(lake, sent, "text", "dana", NOW)
    later = Period(datetime(2026, 1, 20), datetime(2026, 2, 1))
    report = measure_report(lake, "county", later, NOW, POLICY)
    assert ids(report) == [] and report["still_unreported"] == ["m2"]
    province = measure_report(lake, "province", later, NOW, POLICY)
    assert province["still_unreported"] == ["m2"]
    assert first_broken_line(Lake.open(lake).reports) is None


def test_a_measure_that_is_undone_after_its_report_is_named(lake):
    """The authority is told that what was reported was taken back."""
    mark_reported(lake, measure_report(lake, "county", JANUARY, NOW, POLICY), "t", "dana", NOW)
    undo = {"undo_of": ["m2"], "by": "lead", "reason": "wrong", "at": "2026-01-30T00:00:00"}
    append_record(lake.measures, undo)
    report = measure_report(lake, "county", JANUARY, NOW, POLICY)
    assert ids(report) == ["m1"] and report["undone_after_report"] == ["m2"]
    assert report["still_unreported"] == []


def test_the_public_list_has_no_grounds_and_no_persons(lake, tmp_path):
    """Code, article, term and status, and none of the grounds."""
    done = runner.invoke(app, ["reports", "public", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [m["measure_id"] for m in found] == ["m1", "m2", "m3"]
    assert not {"by", "approver", "reason", "facts", "signals"} & set(found[0])
    assert "secret" not in done.stdout and public_list([], POLICY) == []


def test_the_command_writes_a_report_and_marks_it(lake, tmp_path):
    """`steelyard reports measures --sent-by` keeps the digest of the file that was sent."""
    period = ["--from", "2026-01-01", "--to", "2026-01-31", "--file", str(tmp_path / "c.json")]
    command = ["reports", "measures", str(tmp_path), "--level", "county", *period, "--json"]
    assert json.loads(runner.invoke(app, command).stdout)[0]["still_unreported"] == 2
    assert runner.invoke(app, [*command, "--sent-by", "dana"]).exit_code == 0
    assert json.loads(runner.invoke(app, command).stdout)[0]["still_unreported"] == 0


def test_identities_have_their_state():
    """Current up to the renewal days, overdue beyond, and unknown is not verified."""
    as_of, days = datetime(2026, 7, 31), POLICY.identity.renewal_days
    verified = [as_of - timedelta(days=days), as_of - timedelta(days=days + 1), None]
    operators = pd.DataFrame(
        {"operator_id": ["a", "b", "c"], "identity_verified_at": pd.to_datetime(verified)}
    )
    got = identity_report(Snapshot.from_frames({"operators": operators}), as_of, POLICY)
    assert list(got["state"]) == ["current", "overdue", "not_verified"]
    assert identity_report({}, as_of, POLICY).empty


def test_identities_have_the_state_that_the_gate_says():
    """On the last second of the renewal, a second later, and for a figure without a person."""
    as_of = datetime(2026, 7, 1, 12)
    last = as_of - timedelta(days=POLICY.identity.renewal_days)
    streamers = pd.DataFrame(
        {
            "streamer_id": ["a", "b", "c", "d"],
            "identity_verified_at": [last, last - timedelta(seconds=1), None, None],
            "is_virtual": [False, None, True, None],
        }
    )
    got = identity_report(Snapshot.from_frames({"streamers": streamers}), as_of, POLICY)
    rows = streamers.itertuples(index=False)
    gate = [Identity(at if pd.notna(at) else None, is_virtual=v) for _, at, v in rows]
    codes = [one.code(POLICY, as_of) for one in gate]
    assert codes == ["", "identity_overdue", "", "identity_not_verified"]
    assert list(got["state"]) == ["current", "overdue", "virtual", "not_verified"]


def appeal(verdict, days):
    decided = None if days is None else (datetime(2026, 1, 5) + timedelta(days=days)).isoformat()
    return Appeal("p", "o", "2026-01-04", "C", "g", "x", "2026-01-05T00:00:00",
                  "2026-01-20T00:00:00", "y", decided, verdict)  # fmt: skip


def test_appeals_are_counted_with_their_time():
    """Won, decided and open ones, and the middle and longest time to decide."""
    given = [appeal("error", 1), appeal("upheld", 2), appeal("upheld", 9), appeal(None, None)]
    got = appeals_of(given, JANUARY)
    assert (got["opened"], got["decided"], got["won"]) == (4, 3, 1)
    assert (got["median_days_to_decide"], got["longest_days_to_decide"]) == (2.0, 9.0)
    assert appeals_of([], JANUARY)["share_won"] is None


def test_integrity_report_is_computed_from_lake_and_record(published, tmp_path):
    """Sums follow from published nights; the page has every part; a copy says the same."""
    period = Period(datetime(2026, 1, 1), datetime(2026, 2, 1))
    report = integrity_report(published, period, NOW, POLICY)
    assert [n["date"] for n in report["nights"]] == ["2026-01-19", "2026-01-20"]
    rows = [r for r in report["inflation_by_category"] if r["measure"] == "views"]
    assert rows and all(r["low"] <= r["estimate"] <= r["high"] for r in rows)
    assert all(0 <= r["inflation_low"] <= r["inflation"] <= r["inflation_high"] for r in rows)
    assert report["measures"]["automatic"] and sum(report["networks"].values()) > 0
    page = integrity_page(report)
    assert page.count("<h2>") == 7 and "<script" not in page
    copy = tmp_path / "lake"
    shutil.copytree(published, copy, ignore=shutil.ignore_patterns("online"))
    assert integrity_report(copy, period, NOW, POLICY) == report
    assert (
        integrity_report(published, Period(NOW, NOW + timedelta(days=1)), NOW, POLICY)[
            "inflation_by_category"
        ]
        == []
    )


def test_public_rules_hold_no_threshold_of_a_detector():
    """Weights and levels are public; no value of [tiers] or [boost] is named."""
    text = json.dumps(credit_rules(POLICY, NOW.date()), ensure_ascii=False)
    assert '"least' in text and "E-Commerce Law 39" in text
    for name in (
        "risk",
        "review_precision",
        "false_discovery",
        "anomaly",
        "detector",
        "probability",
    ):
        assert name not in text
