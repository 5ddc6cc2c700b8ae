"""Measures: records stand on their own, what is grave needs people, packages are checked."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from serving.export import evidence_package, shared_measures
from serving.export.signing import public_key_text, signing_key
from serving.nightly.pipeline import nightly
from serving.oversight.measures import manual_measures
from serving.oversight.measures.measure_requests import BadMeasure, MeasureRequest
from serving.policy.load import load_policy
from tests.conftest import NIGHT

POLICY = load_policy()
NOW = datetime(2026, 1, 22, 9)


def take(lake, *request, now=NOW):
    asked = MeasureRequest(*request, beyond_range="the regulator asked for it")
    return manual_measures.take_measure(lake, asked, now, POLICY)


def test_automatic_measure_is_complete_in_both_languages(published):
    """Every automatic measure says facts, rule, dates and appeal in both languages."""
    made = read_outbound(published, "measures")
    tiers = read_outbound(published, "tier_decisions")
    assert set(made["operator_id"]) == set(
        tiers.loc[tiers["measure"] != "none", "operator_id"]
    ) and len(made)
    for m in made.itertuples(index=False):
        assert (
            m.code in {"popup", "warn", "limit_traffic"} and m.automatic and m.status == "in_force"
        )
        for text in (m.notice_zh, m.notice_en):
            assert m.operator_id in text and m.article in text and POLICY.version in text
        statement, signals = json.loads(m.facts), json.loads(m.signals)
        assert statement["zh"] in m.notice_zh and statement["en"] in m.notice_en and signals
        assert all({"signal", "value", "threshold", "peers", "zh", "en"} <= set(s) for s in signals)
        assert m.appeal_due - m.effective_from == timedelta(days=POLICY.appeal_days)


def test_the_ladder_is_ordered_and_no_tier_suggests_what_is_for_people():
    """The ladder is ordered, and no tier suggests a measure that only people take."""
    codes = [s.code for s in POLICY.ladder]
    assert [POLICY.step(c) for c in codes] == list(range(1, 18)) and POLICY.step("none") == 0
    steps = [POLICY.step(c) for c in ("popup", "warn", "limit_traffic", "block")]
    assert steps == sorted(steps)
    assert not {POLICY.measures.of(t) for t in "ABCD"} & set(POLICY.measures.human_only)


@pytest.mark.parametrize(
    "code",
    ["blacklist", "deduct_deposit", "cancel_account", "refer_enforcement", "refer_judiciary"],
)
def test_what_is_grave_needs_another_person_and_a_score_is_not_one(lake, accused, code):
    """A grave measure needs another person, and a score is not one."""
    for approver in (None, "", "desk"):
        with pytest.raises(BadMeasure, match="approver other than desk"):
            take(lake, accused, code, "desk", "why", 7, approver)
    assert manual_measures.list_measures(lake, NOW) == []
    record = take(lake, accused, code, "desk", "two rooms of bots", 7, "lead")
    assert (
        record["approver"] == "lead"
        and not record["automatic"]
        and "two rooms of bots" in record["notice_en"]
    )


def test_a_referral_packs_its_evidence(lake, accused):
    """A referral packs its evidence."""
    request = MeasureRequest(
        accused, "refer_enforcement", "desk", "why", 30, "lead", beyond_range="grave"
    )
    taken = manual_measures.take_measure(lake, request, NOW, POLICY)
    record = evidence_package.pack_referral(lake, taken, NOW)
    assert (
        evidence_package.package_faults(
            Path(record["package"]), public_key_text(signing_key(Lake(lake)))
        )
        == []
    )
    with zipfile.ZipFile(record["package"]) as z:
        assert json.loads(z.read("measures_by_hand.json"))[0]["measure_id"] == record["measure_id"]
    alone = MeasureRequest(accused, "refer_judiciary", "desk", "why", 30)
    with pytest.raises(BadMeasure):
        manual_measures.take_measure(lake, alone, NOW, POLICY)
    assert len(list((lake / "journal" / "evidence").iterdir())) == 1


def test_blocking_may_rest_on_two_independent_detectors_and_not_on_one(lake, accused, monkeypatch):
    """One detector, and two that read the same signals, are one voice; sessions and orders two."""
    for found in (("operator_rank",), ("deviance", "operator_rank")):
        monkeypatch.setattr(manual_measures, "detectors_from_reason", lambda *a, f=found: f)
        with pytest.raises(BadMeasure, match="two independent detectors"):
            take(lake, accused, "block", "desk", "why", 1)
    two = ("order_brushing", "session_inflation")
    monkeypatch.setattr(manual_measures, "detectors_from_reason", lambda *a: two)
    assert take(lake, accused, "block", "desk", "why", 1)["detectors"] == list(two)
    with pytest.raises(BadMeasure, match="approver"):
        take(lake, accused, "blacklist", "desk", "why", 1)  # two detectors do not blacklist


def test_invalid_measure_writes_nothing(lake, accused):
    """A code outside the ladder, an unknown operator or no reason writes nothing."""
    for operator, code, reason in (
        (accused, "flog", "why"),
        ("nobody", "warn", "why"),
        (accused, "warn", " "),
    ):
        with pytest.raises(BadMeasure):
            take(lake, operator, code, "desk", reason, 1)
    assert not Lake(lake).measures.exists()


def test_a_measure_has_one_outcome(lake, accused):
    """A measure has one outcome."""
    one = take(lake, accused, "warn", "desk", "why", 1)
    done = manual_measures.close_measure(
        lake, one["measure_id"], "lifted", "lead", "the appeal was right", NOW
    )
    assert (done["status"], done["outcome"]) == ("lifted", "lifted")
    with pytest.raises(BadMeasure, match="no open measure"):
        manual_measures.close_measure(lake, one["measure_id"], "upheld", "lead", "again", NOW)


def test_an_evidence_package_holds_and_every_change_to_it_is_found(lake, accused, tmp_path):
    """An evidence package is intact, and every change to it is found."""
    file = tmp_path / "case.zip"
    evidence_package.pack_evidence(lake, accused, file, None, NOW)
    key = public_key_text(signing_key(Lake(lake)))
    assert evidence_package.package_faults(file, key) == []
    with zipfile.ZipFile(file) as z:
        files = {n: z.read(n) for n in z.namelist()}
    assert {
        "tables/decision.csv",
        "tables/signals.csv",
        "manifest.json",
        "signature.json",
        "policy.toml",
    } <= set(files)
    assert (
        any(n.startswith("pictures/") for n in files)
        and accused.encode() in files["tables/decision.csv"]
    )
    for name in files:
        changed = tmp_path / "changed.zip"
        with zipfile.ZipFile(changed, "w") as z:
            for n, body in files.items():
                z.writestr(n, body.replace(b":", b";", 1) + b" " if n == name else body)
        assert evidence_package.package_faults(changed, key), name
    assert "signature" in evidence_package.package_faults(file, "c29tZWJvZHkgZWxzZQ==")[0]
    assert (lake / "journal" / "signing.key").stat().st_mode & 0o077 == 0


def test_a_signed_list_is_taken_over_once_and_raises_a_floor_not_a_verdict(
    lake, accused, tmp_path, tiny, models
):
    """A signed list is imported once, and raises a floor, not a verdict."""
    take(lake, accused, "block", "desk", "why", 30, "lead")
    take(lake, accused, "warn", "desk", "over", 1, now=NOW - timedelta(days=9))
    assert (
        shared_measures.export_measures(lake, tmp_path / "list.json", "platform-a", NOW) == 1
    )  # what has run out is not handed on
    text = (tmp_path / "list.json").read_text()
    key = public_key_text(signing_key(Lake(lake)))
    assert "0." not in json.dumps(json.loads(text)["entries"])  # codes, no values
    other = tmp_path / "other"
    shutil.copytree(tiny, other, ignore=shutil.ignore_patterns("runs", "online", "journal"))
    before = datetime(2026, 1, 20)
    (tmp_path / "forged.json").write_text(text.replace('"block"', '"warn"'))
    for source, trusted in (("forged.json", key), ("list.json", "bm90IHRoZSBrZXk=")):
        with pytest.raises(shared_measures.BadExchange, match="signature"):
            shared_measures.import_warnings(other, tmp_path / source, trusted, before)
    for new in (1, 0):
        source = tmp_path / "list.json"
        found = shared_measures.import_warnings(other, source, key, before, same_ids=True)
        assert found.new == new
    nightly(other, NIGHT, models, POLICY)
    tier = read_outbound(other, "tier_decisions").set_index("operator_id")
    why = json.loads(tier.at[accused, "why"])
    assert why["floor"] == POLICY.floors.elsewhere and tier.at[accused, "tier"] >= "B"
    clean = next(o for o in tier.index if json.loads(tier.at[o, "why"])["floor"] is None)
    assert clean != accused
