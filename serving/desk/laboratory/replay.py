"""Replay of a draft: published nights decided again, who would move, and whom that would wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from scipy.stats import beta

from data_contracts.lake import Lake
from data_contracts.runs import published_runs
from serving.desk.laboratory.verdicts import OperatorVerdicts, verdicts_of_period
from serving.nightly.what_if import NightDecidedAgain, decide_again
from serving.policy.load import BadPolicy, policy_of_text
from serving.policy.schema import Policy
from serving.tiers.decision import bound_of_night
from serving.tiers.evidence import TIERS

ACCUSED = ("C", "D")
CONFIDENCE = 0.95
# Sections whose changes decisions on published evidence show; others need a new night.
REPLAYED_SECTIONS = frozenset(("tiers", "measures", "validity", "version", "influence.key_share"))
Progress = Callable[[int, int], None]


def _say_nothing(_done: int, _of: int) -> None:
    """Progress that goes nowhere."""


@dataclass(frozen=True)
class FalseAccusationBound:
    """The bound on false accusations under a policy.

    Attributes
    ----------
    level
        Largest expected share of honest operators among those that the bound selects.
    accused, selected
        Operators in C and D, and those of them that the bound selected.
    expected
        Largest expected number of honest ones among the selected: level times their number.
    missing
        Cleared operators to collect before the bound can select anybody; None where unknown.
    cleared, cleared_accused
        Operators that people cleared, and those of them in C and D.
    upper
        Upper limit of the share of cleared operators that are accused, Clopper-Pearson, one-sided.
    """

    level: float
    accused: int
    selected: int
    expected: float
    missing: int | None
    cleared: int
    cleared_accused: int
    upper: float | None


def replay_draft(
    lake: Lake, draft: Policy, max_nights: int, now: datetime, say: Progress = _say_nothing
) -> dict[str, Any]:
    """Decide the last published nights again under a draft; returns a JSON value for pages.

    Parameters
    ----------
    lake, draft
        The lake, and the policy that is tried.
    max_nights
        Nights that are replayed at most, the last published ones.
    now
        Moment up to which verdicts of people are known.
    say
        Called with the nights that are done and their number.

    Raises
    ------
    LakeProblem
        A night cannot be read, or none is published.
    """
    nights = sorted(published_runs(lake))[-max_nights:]
    if not nights:
        return {"nights": []}
    verdicts = verdicts_of_period(lake, datetime.fromisoformat(nights[0]), now)
    summaries: list[dict[str, Any]] = []
    nights_moved: Counter[str] = Counter()
    again: NightDecidedAgain | None = None
    say(0, len(nights))
    for done, again in enumerate(decide_again(lake, nights, draft), 1):
        nights_moved.update(operator for operator, _, _ in again.moved)
        summaries.append(_night_summary(again))
        say(done, len(nights))
    if again is None:
        raise AssertionError("a published night was decided again")
    in_force = _published_policy(again)
    return {
        "nights": summaries,
        "moves": _moves(again, nights_moved),
        "cleared_accused": _cleared_accused(again, verdicts),
        "found_released": _found_released(again, verdicts),
        "before": asdict(bound_before(again, in_force, verdicts)),
        "after": asdict(bound_after(again, draft, verdicts)),
        "published_version": str(again.published["policy_version"].iloc[0]),
        "verdicts": {"cleared": len(verdicts.cleared), "found": len(verdicts.found)},
    }


def bound_before(
    again: NightDecidedAgain, policy: Policy | None, verdicts: OperatorVerdicts
) -> FalseAccusationBound:
    """The bound of a night as it was published; its own policy names the level."""
    rows = again.published
    accused = rows[rows["tier"].isin(ACCUSED)]
    level = float("nan") if policy is None else policy.tiers.false_discovery
    run = again.run.rows("runs").iloc[0]
    missing = run.get("cleared_operators_missing")
    selected = int((accused["selected_by"] == "bound").sum())
    tested = set(rows.index) & verdicts.cleared
    wrong = set(accused.index) & verdicts.cleared
    return _bound(level, (len(accused), selected), missing, (len(tested), len(wrong)))


def bound_after(
    again: NightDecidedAgain, draft: Policy, verdicts: OperatorVerdicts
) -> FalseAccusationBound:
    """The bound of a night under a draft."""
    accused = [d for d in again.decisions if d.tier in ACCUSED]
    selected = sum(d.selected_by == "bound" for d in accused)
    known = again.run.rows("runs").iloc[0].get("cleared_operators")
    missing = None
    if known is not None:
        missing = bound_of_night(again.evidence, draft, float(known)).missing
    tested = set(again.published.index) & verdicts.cleared
    wrong = {d.operator_id for d in accused} & verdicts.cleared
    counts = (len(accused), selected)
    return _bound(draft.tiers.false_discovery, counts, missing, (len(tested), len(wrong)))


def upper_limit(wrong: int, of: int) -> float | None:
    """Upper limit of a share by Clopper and Pearson, one-sided at 95 %; None for no trial.

    Examples
    --------
    >>> round(upper_limit(0, 58), 3)
    0.05
    """
    if of == 0:
        return None
    return 1.0 if wrong == of else float(beta.ppf(CONFIDENCE, wrong + 1, of - wrong))


def _bound(
    level: float, accused: tuple[int, int], missing: Any, cleared: tuple[int, int]
) -> FalseAccusationBound:
    return FalseAccusationBound(
        level,
        *accused,
        level * accused[1],
        None if missing is None else int(missing),
        *cleared,
        upper_limit(cleared[1], cleared[0]),
    )


def _published_policy(again: NightDecidedAgain) -> Policy | None:
    """The policy that a night kept; None where this version no longer knows its keys."""
    text = again.run.text("policy.toml")
    try:
        return None if text is None else policy_of_text(text, again.night)
    except BadPolicy:
        return None


def _night_summary(again: NightDecidedAgain) -> dict[str, Any]:
    before, after = Counter(again.published["tier"]), Counter(d.tier for d in again.decisions)
    flows = Counter(f"{old}{new}" for _, old, new in again.moved)
    return {
        "date": again.night,
        "operators": len(again.published),
        "before": {t: before.get(t, 0) for t in TIERS},
        "after": {t: after.get(t, 0) for t in TIERS},
        "flows": dict(sorted(flows.items())),
        "moved": len(again.moved),
    }


def _moves(again: NightDecidedAgain, nights_moved: Counter[str]) -> list[dict[str, Any]]:
    """Operators that the last night would move, the strictest change first."""
    words = {d.operator_id: {"zh": d.why_zh, "en": d.why_en} for d in again.decisions}
    rows = [
        {
            "operator_id": operator,
            "before": old,
            "after": new,
            "risk": _known(again.published.at[operator, "risk"]),
            "nights": nights_moved[operator],
            "why": words[operator],
        }
        for operator, old, new in again.moved
    ]
    return sorted(rows, key=lambda r: (-TIERS.index(r["after"]), r["before"], -(r["risk"] or 0.0)))


def _cleared_accused(again: NightDecidedAgain, verdicts: OperatorVerdicts) -> list[dict[str, Any]]:
    """Operators that people cleared and that the draft would put in C or D."""
    tiers = {d.operator_id: d.tier for d in again.decisions}
    return [
        {"operator_id": o, "before": str(again.published.at[o, "tier"]), "after": tiers[o]}
        for o in sorted(verdicts.cleared & tiers.keys())
        if tiers[o] in ACCUSED
    ]


def _found_released(again: NightDecidedAgain, verdicts: OperatorVerdicts) -> list[dict[str, Any]]:
    """Operators that people found to cheat and that only the draft would leave in A."""
    tiers = {d.operator_id: d.tier for d in again.decisions}
    return [
        {"operator_id": o, "before": str(again.published.at[o, "tier"]), "after": tiers[o]}
        for o in sorted(verdicts.found & tiers.keys())
        if tiers[o] == "A" < again.published.at[o, "tier"]
    ]


def _known(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
