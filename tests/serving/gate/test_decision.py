"""The gate as a pure function, at its thresholds."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from serving.gate.assessments.gaps import GAPS
from serving.gate.assessments.live_assessment import LiveAssessment
from serving.gate.decision import answer_body, expires_at, gaps_of
from serving.gate.night_cache import OperatorHistory, OperatorRecord, PublishedNight, WorstSession
from serving.gate.schemas import BoostAnswer
from serving.policy.load import load_policy

AS_OF = datetime(2026, 1, 21)
POLICY = load_policy()
REASON = {
    "signal": "flash_view_share",
    "typology": "view_fraud",
    "value": 0.4,
    "unit": "share of views",
    "peers": 0.02,
    "share": 0.9,
    "zh": "40% 的观看停留不超过 3 秒",
    "en": "40% of views stayed three seconds or less",
}
WORST = OperatorRecord(
    "D",
    0.9,
    False,
    True,
    "limit_traffic",
    {"zh": "", "en": ""},
    [REASON],
    "operator_rank",
    "v1",
    [],
)
CALM = replace(WORST, tier="A", risk=0.01, measure="none", reasons=[])
QUIET = LiveAssessment(None, [], 0)


def boost_answer(request_id, operator_id, night, live, live_version, policy, now, gaps=()):
    """A whole answer, as the service encodes it."""
    found = gaps_of(night, policy, now, gaps)
    body = answer_body(operator_id, night, live, live_version, policy, found)
    return {"requestId": request_id, **body, "expiresAt": expires_at(policy, now)}


def ask(operator=CALM, live=QUIET, hours=1.0, gaps=(), name="o"):
    night = PublishedNight("run", AS_OF, POLICY.version, {"o": operator})
    return boost_answer(
        "q", name, night, live, "live@v1", POLICY, AS_OF + timedelta(hours=hours), gaps
    )


def test_an_answer_has_the_shape_of_its_model():
    """An answer has the shape of its model."""
    for operator in (CALM, WORST):
        BoostAnswer.model_validate(ask(operator))


@pytest.mark.parametrize(("tier", "level"), [("A", "PASS"), ("B", "PASS"), ("C", "REVIEW")])
def test_a_tier_sets_the_level(tier, level):
    """A tier sets the level."""
    assert ask(replace(CALM, tier=tier))["riskLevel"] == level


def test_rejection_needs_the_strictest_tier_the_probability_and_evidence():
    """A rejection needs the strictest tier, the probability and evidence."""
    assert ask(WORST)["riskLevel"] == "REJECT"
    assert ask(replace(WORST, risk=0.80))["riskLevel"] == "REJECT"
    assert ask(replace(WORST, risk=0.7999))["riskLevel"] == "REVIEW"
    assert ask(replace(WORST, reasons=[]))["riskLevel"] == "REVIEW"
    assert ask(replace(WORST, tier="C"))["riskLevel"] == "REVIEW"


def test_a_live_probability_is_judged_at_its_bounds():
    """A live probability is judged at its bounds."""
    assert ask(live=LiveAssessment(0.2999, [], 30))["riskLevel"] == "PASS"
    assert ask(live=LiveAssessment(0.30, [REASON], 30))["riskLevel"] == "REVIEW"
    rejected = ask(live=LiveAssessment(0.80, [REASON], 30))
    assert (
        rejected["riskLevel"] == "REJECT"
        and rejected["hits"][0]["evidence"]["window"] == "30 minutes"
    )
    assert (
        ask(live=LiveAssessment(0.80, [], 30))["riskLevel"] == "REVIEW"
    )  # no evidence, no rejection


def test_operator_history_moves_to_review_only():
    """Two weeks of history move a running session to REVIEW with its evidence and never to
    rejection."""
    many, none = OperatorHistory(9, 0.6, 3.0), OperatorHistory(9, 0.02, -1.0)
    doubtful, sure = LiveAssessment(0.2, [], 30), LiveAssessment(0.85, [REASON], 30)
    moved = ask(replace(CALM, history=many), doubtful)
    assert ask(live=doubtful)["riskLevel"] == "PASS" and moved["riskLevel"] == "REVIEW"
    assert (
        moved["score"] == pytest.approx(100 / (1 + 4 * math.exp(-3)), abs=0.01)
        and moved["score"] > 80
    )
    assert (
        moved["hits"] == [moved["hits"][0]] and moved["hits"][0]["evidence"]["window"] == "14 days"
    )
    assert "60 %" in moved["hits"][0]["reason"]["en"] and "9" in moved["hits"][0]["reason"]["zh"]
    BoostAnswer.model_validate(moved)
    assert ask(replace(CALM, history=many), sure)["riskLevel"] == "REJECT"
    assert (
        ask(replace(CALM, history=none), sure)["riskLevel"] == "REVIEW"
    )  # 0.68: clean weeks speak for it
    assert (
        ask(replace(CALM, history=none), LiveAssessment(0.4, [REASON], 30))["riskLevel"] == "PASS"
    )
    assert (
        ask(replace(CALM, history=many))["riskLevel"] == "PASS"
    )  # nothing runs: what was shown alone is no reason


def test_inflated_session_is_reviewed_and_rejects_nobody():
    """An inflated session of the night is reviewed with its evidence and rejects nobody."""

    def seen(p, reasons=(REASON,)):
        return ask(replace(CALM, worst_session=WorstSession("s", p, list(reasons))))

    assert seen(0.2999)["riskLevel"] == "PASS"
    assert seen(0.30)["riskLevel"] == seen(1.0)["riskLevel"] == "REVIEW"
    assert seen(1.0)["hits"][0]["evidence"]["window"] == "session s" and seen(1.0)["score"] == 100.0
    assert seen(1.0, ())["riskLevel"] == "PASS"  # no evidence, no review


def test_a_night_is_stale_only_after_its_hours():
    """A night is stale only after its hours."""
    assert ask(hours=36)["riskLevel"] == "PASS"
    late = ask(hours=36.001)
    assert late["riskLevel"] == "REVIEW" and late["degraded"]


TELLING_TABLES = ("views", "room_minutes", "interactions")
PASSING_GAPS = {"session_not_named", "session_cleared", "delivery_suspicious"}
PASSING_GAPS |= {"identities_not_delivered", "streamers_not_delivered"}
PASSING_GAPS |= {f"{t}_{kind}" for t in TELLING_TABLES for kind in ("not_delivered", "short")}


@pytest.mark.parametrize("code", sorted(GAPS))
def test_a_gap_is_named_and_only_some_pass(code):
    """What was not looked at is named in both languages; a gap holds, and a fault degrades.

    A request that names no session passes on its operator alone, and so does one of a platform
    whose delivery lacks a table (ADR-0262). A degraded answer neither passes nor rejects; a
    rejection stands where only a session is too young or an operator new.
    """
    gap, calm, worst = GAPS[code], ask(CALM, gaps=[code]), ask(WORST, gaps=[code])
    BoostAnswer.model_validate(calm)
    (named,) = calm["notLookedAt"]
    assert (named["part"], named["code"]) == (gap.part, code)
    assert named["reason"]["zh"] != named["reason"]["en"] != ""
    assert calm["degraded"] == gap.degrades and calm["degradedBy"] == [code] * gap.degrades
    assert (calm["riskLevel"] == "PASS") == (code in PASSING_GAPS) == (not gap.holds)
    assert worst["riskLevel"] == ("REVIEW" if gap.degrades else "REJECT")
    assert gap.holds or not gap.degrades


def test_operator_without_a_risk_is_no_pass():
    """An operator without a risk does not pass."""
    unknown = ask(replace(CALM, risk=None))
    assert unknown["riskLevel"] == "REVIEW" and unknown["degradedBy"] == ["operator_not_scored"]


def test_answer_says_which_parts_the_prior_assessed():
    """The released prior answers as a model does, and the answer names the parts."""
    prior = replace(CALM, model_version="prior-2026.1")
    live = LiveAssessment(0.1, [], 30)
    assert ask(CALM, live)["answeredByPrior"] == []
    assert ask(prior, live)["answeredByPrior"] == ["operator"]
    night = PublishedNight("run", AS_OF, POLICY.version, {"o": prior})
    both = boost_answer("q", "o", night, live, "live@prior-1", POLICY, AS_OF)
    assert both["answeredByPrior"] == ["operator", "session"] and both["riskLevel"] == "PASS"
    assert boost_answer("q", "o", night, QUIET, "live@prior-1", POLICY, AS_OF)[
        "answeredByPrior"
    ] == ["operator"]


@pytest.mark.parametrize(
    ("hours", "codes"),
    [
        (-24.0, ["night_in_future"]),
        (-0.1, ["night_in_future"]),
        (-0.08, []),  # within the skew of two clocks
        (0.0, []),
        (36.0, []),
        (36.001, ["night_stale"]),
        (24.0 * 3650, ["night_stale"]),
    ],
)
def test_clock_before_or_long_after_the_night_holds(hours, codes):
    """A night from the future, or from longer ago than the policy allows, gives no PASS."""
    answer = ask(hours=hours)
    assert answer["degradedBy"] == codes and (answer["riskLevel"] == "PASS") == (not codes)
    assert answer["expiresAt"] > (AS_OF + timedelta(hours=hours)).isoformat()


def test_gate_without_a_night_holds_and_has_no_date():
    """A gate without a night holds answers back and has no date."""
    night = PublishedNight("none", datetime.min, "", {}, gaps=("night_missing",))
    answer = boost_answer("q", "o", night, QUIET, None, POLICY, AS_OF)
    BoostAnswer.model_validate(answer)
    assert answer["dataAsOf"] is None and answer["degradedBy"] == ["night_missing"]
    assert answer["riskLevel"] == "REVIEW"


def test_new_and_unknown_operators_are_held_not_accused():
    """New and unknown operators are held for review, not accused."""
    assert ask(replace(CALM, cold_start=True))["riskLevel"] == "REVIEW"
    unknown = ask(name="somebody")
    assert [g["code"] for g in unknown["notLookedAt"]] == ["operator_unknown"]
    assert (
        unknown["riskLevel"] == "REVIEW"
        and not unknown["degraded"]
        and unknown["coldStart"]
        and unknown["suggestedAction"] == "none"
        and unknown["tier"] is None
    )


def test_dimensions_name_what_is_suspected_and_leave_the_rest_unknown():
    """Dimensions name what is suspected, and leave the rest unknown."""
    assert ask(WORST)["dimensions"] == {"view": 81.0, "like": None, "follow": None, "order": None}


def test_no_answer_ever_blocks():
    """No answer ever blocks."""
    for operator in (CALM, WORST):
        for live in (QUIET, LiveAssessment(1.0, [REASON], 60)):
            assert ask(operator, live)["suggestedAction"] != "block"
