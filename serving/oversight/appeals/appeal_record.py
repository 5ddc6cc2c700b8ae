"""The record of appeals: against a measure, a night's decision or an answer, and as they stand.

A won appeal lifts the measure and its consequences: the state of measures reads this record.

`LAKE/journal/appeals.jsonl` is an append-only hash chain. Verdicts: `error` is a false accusation
(误杀), `miss` a fraud that was not found (漏杀), `upheld` leaves the decision as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import read_outbound
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import record_act
from serving.policy.schema import Policy

APPEAL, HUMAN_DECISION = "appeal", "human_decision"
NO_GROUND = "asks that a person decides what was decided automatically"


class BadAppeal(SteelyardError):
    """An appeal cannot be opened or decided as asked."""

    exit_code = 9


@dataclass(frozen=True)
class Appeal:
    """An appeal as it stands. `breached`: it was, or still is, not decided when it was due.

    `kind` is `human_decision` where a person was only asked to decide what was automatic. An appeal
    is against a measure, against the answer to a request about a session, or against a night.
    """

    appeal_id: str
    operator_id: str | None
    date: str
    tier: str
    ground: str
    opened_by: str
    opened_at: str
    due_at: str
    decided_by: str | None = None
    decided_at: str | None = None
    verdict: str | None = None
    reason: str | None = None
    breached: bool = False
    measure_id: str | None = None
    kind: str = APPEAL
    request_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True)
class Opening:
    """The opening record of an appeal; `subject` is the entity decided about on that `day`."""

    subject: str
    day: str
    tier: str
    ground: str
    by: str
    kind: str = APPEAL


def append_opened(
    lake: Lake,
    opening: Opening,
    decided: Mapping[Any, Any] | pd.Series,
    about: Mapping[str, Any],
    now: datetime,
    policy: Policy,
) -> Appeal:
    """Write the line of an appeal that is opened; returns the appeal.

    Parameters
    ----------
    lake, opening
        The lake, and what every appeal opens with.
    decided
        What is appealed; its versions of policy and model are kept.
    about
        Ids of what the appeal is about.
    now, policy
        The moment, and the policy that says when it is due.
    """
    event = {
        "event": "opened",
        "appeal_id": appeal_id_of(opening.subject, opening.day, now),
        **about,
        "date": opening.day,
        "tier": opening.tier,
        "ground": opening.ground,
        "opened_by": opening.by,
        "opened_at": now.isoformat(timespec="seconds"),
        "due_at": due_text(opening.kind, now, policy),
        "kind": opening.kind,
        "policy_version": str(decided["policy_version"]),
        "model_version": str(decided["model_version"]),
    }
    record_act(lake, lake.appeals, event)
    return next(a for a in list_appeals(lake, now) if a.appeal_id == event["appeal_id"])


def list_appeals(folder: LakeOrFolder, now: datetime) -> list[Appeal]:
    """All appeals, oldest first, as they stand at a moment."""
    lake = Lake.open(folder)
    out: dict[str, dict] = {}
    for e in acts_of(lake, lake.appeals):
        if e["event"] == "opened":
            out[e["appeal_id"]] = {
                k: e.get(k)
                for k in (
                    "appeal_id",
                    "operator_id",
                    "date",
                    "tier",
                    "ground",
                    "opened_by",
                    "opened_at",
                    "due_at",
                    "measure_id",
                    "request_id",
                    "session_id",
                )
            } | {"kind": e.get("kind", APPEAL)}
        else:
            out[e["appeal_id"]] |= {
                k: e[k] for k in ("decided_by", "decided_at", "verdict", "reason")
            }
    return [
        Appeal(**a, breached=(a.get("decided_at") or now.isoformat()) > a["due_at"])
        for a in out.values()
    ]


def verdicts_before(lake: Lake, as_of: datetime) -> dict[str, str]:
    """Verdict of each operator's latest appeal that was decided before a moment.

    An appeal against one answer of the gate is about a session and changes no night.
    """
    opened: dict[str, str | None] = {}
    out: dict[str, str] = {}
    for e in acts_of(lake, lake.appeals):
        if e["event"] == "opened":
            opened[e["appeal_id"]] = None if e.get("request_id") else e["operator_id"]
            continue
        operator = opened[e["appeal_id"]]
        if operator is not None and e["decided_at"] < as_of.isoformat():
            out[operator] = e["verdict"]
    return out


def appeal_id_of(subject: str, day: str, now: datetime) -> str:
    """Id of an appeal against a subject's decision, or a measure, of a day."""
    return "p" + hashlib.sha256(f"{subject}|{day}|{now.isoformat()}".encode()).hexdigest()[:12]


def due_text(kind: str, now: datetime, policy: Policy) -> str:
    """The due date of an appeal that is opened now."""
    days = policy.appeal.human_days if kind == HUMAN_DECISION else policy.appeal_days
    return (now + timedelta(days=days)).isoformat(timespec="seconds")


def open_appeal(
    folder: LakeOrFolder,
    operator: str,
    night: str | None,
    ground: str | None,
    by: str,
    now: datetime,
    policy: Policy,
) -> Appeal:
    """Open an appeal against the decision of a night, the latest when None.

    Without a ground, a person is asked to decide what was automatic.

    Raises BadAppeal, LakeProblem.
    """
    lake = Lake.open(folder)
    decisions = read_outbound(lake, "tier_decisions", night).set_index("operator_id")
    if operator not in decisions.index:
        raise BadAppeal(
            f"no decision about operator {operator} was published that night; "
            f"look with: steelyard show tier_decisions {folder}"
        )
    kind = HUMAN_DECISION if ground is None else APPEAL
    ground = NO_GROUND if ground is None else ground
    if not ground.strip() or not by.strip():
        raise BadAppeal("an appeal needs its --ground and who opens it, --by")
    decision = decisions.loc[operator]
    day = pd.Timestamp(decision["date"]).date().isoformat()
    last = pd.Timestamp(decision["as_of"]) + timedelta(days=policy.appeal_open_days)
    if now > last:
        raise BadAppeal(f"the time to appeal against the night of {day} ended on {last.date()}")
    if any(
        (a.operator_id, a.date) == (operator, day)
        and (a.verdict, a.request_id, a.measure_id) == (None, None, None)
        for a in list_appeals(lake, now)
    ):
        raise BadAppeal(f"an appeal of {operator} against the night of {day} is open already")
    opening = Opening(operator, day, str(decision["tier"]), ground, by, kind)
    return append_opened(lake, opening, decision, {"operator_id": operator}, now, policy)
