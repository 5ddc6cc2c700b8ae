"""Requests for measures, and what is required before one is taken: two people, proportion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake
from serving.oversight.measures.independent_detectors import independent_pair
from serving.oversight.measures.proportionality import (
    Circumstances,
    Proportion,
    earlier_measures,
    proportion,
)
from serving.oversight.measures.state import OPERATOR, SUBJECT_KINDS
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.signers import Author, Signer, author_name
from serving.policy.schema import Policy

MAX_DAYS = 36_500  # a hundred years


class BadMeasure(SteelyardError):
    """A measure cannot be taken as asked."""

    exit_code = 10


@dataclass(frozen=True)
class MeasureRequest:
    """A measure that a person asks for: against whom, which, by whom, why, for how many days.

    `by` signs it where the lake knows persons; the approver then approves it apart, with another
    key. `beyond_range`: why the measure may be stricter than the range that is proportionate.
    """

    subject: str
    code: str
    by: Author
    reason: str
    days: int = 7
    approver: str | None = None
    subject_kind: str = OPERATOR
    beyond_range: str = ""


@dataclass(frozen=True)
class SubjectDecision:
    """The latest night's decision on a subject; a streamer or a network has none."""

    run_id: str
    model_version: str = "none"
    tier: str | None = None
    expected_harm: float | None = None
    detectors: tuple[str, ...] = ()


def require_complete(request: MeasureRequest, now: datetime, policy: Policy) -> None:
    """Require a code, an author, a reason and a policy in force. Raises BadMeasure."""
    codes = [s.code for s in policy.ladder]
    if request.code not in codes:
        raise BadMeasure(
            f"{request.code!r} is not on the ladder; codes, mildest first: {', '.join(codes)}"
        )
    if request.subject_kind not in SUBJECT_KINDS:
        raise BadMeasure(f"a subject is one of {', '.join(SUBJECT_KINDS)}")
    is_term = 1 <= request.days <= MAX_DAYS
    if not author_name(request.by).strip() or not request.reason.strip() or not is_term:
        raise BadMeasure(f"a measure needs --by, --reason and --days from 1 to {MAX_DAYS:,}")
    if not policy.validity.is_in_force(now.date()):
        raise BadMeasure(
            f"policy {policy.version} takes effect on {policy.validity.effective_from}"
        )


def require_approval(request: MeasureRequest, detectors: list[str], policy: Policy) -> None:
    """Require two people, or two detectors without a common input, for what is grave.

    A signed request is proposed, so that it is approved apart. Raises BadMeasure.
    """
    if request.code not in policy.measures.human_only or isinstance(request.by, Signer):
        return
    two_suffice = request.code in policy.measures.two_detectors
    if _is_approved(request) or (two_suffice and independent_pair(detectors) is not None):
        return
    found = ", ".join(detectors) or "none"
    more = ""
    if two_suffice:
        more = (
            f", or two independent detectors (found by: {found}; those that share inputs are one)"
        )
    raise BadMeasure(
        f"{request.code} needs an --approver other than {request.by}{more}; "
        "a score alone never takes it"
    )


def needs_approval(request: MeasureRequest, policy: Policy) -> bool:
    """Whether a measure is reserved for two people, or stricter than what is proportionate."""
    return request.code in policy.measures.human_only or bool(request.beyond_range.strip())


def _is_approved(request: MeasureRequest) -> bool:
    """Whether another person approves, or will have to."""
    approver = request.approver
    named = approver is not None and bool(approver.strip()) and approver != request.by
    return named or isinstance(request.by, Signer)


def require_proportion(
    lake: Lake, request: MeasureRequest, decision: SubjectDecision, now: datetime, policy: Policy
) -> Proportion:
    """The range of a measure. Raises BadMeasure where it is stricter, without a stated reason."""
    earlier = earlier_measures(
        read_measures(lake), request.subject_kind, request.subject, now, policy
    )
    fit = proportion(
        Circumstances(decision.tier, len(decision.detectors), decision.expected_harm, earlier),
        policy,
    )
    if request.code in fit.allowed:
        return fit
    if request.beyond_range.strip() and _is_approved(request):
        return fit
    raise BadMeasure(
        f"{request.code} is beyond what is proportionate: facts {fit.fact_points}, repetition "
        f"{fit.repetition_points} and harm {fit.harm_points} allow up to {fit.allowed[-1]}; "
        "say why with --beyond-range, and have it approved"
    )
