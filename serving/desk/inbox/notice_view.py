"""The notice of a measure or a night's decision, as its operator may see it.

No threshold of a detector and no id of another party is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import published_run, published_runs, read_outbound
from serving.desk.inbox.notice_links import NoticeSubject
from serving.oversight.appeals.appeal_record import Appeal, list_appeals
from serving.oversight.measures.manual_measures import list_measures
from serving.oversight.measures.nightly_measures import with_named_session, with_present_status
from serving.oversight.measures.state import IN_FORCE, OPERATOR, PROPOSED, UNDONE, WON
from serving.oversight.measures.state_reading import read_measures
from serving.policy.schema import Policy

WORD = re.compile(r"[\w|@.:+=/-]+")
OTHER_PARTY = {"zh": "（其他主体）", "en": "(another party)"}
MAX_SESSIONS, MAX_ORDERS = 20, 50
MAX_NIGHTS_OF_FIGURES = 28  # a session is published once, in the night after it


@dataclass(frozen=True)
class SessionFigures:
    """A session of the operator in evidence: views as counted and as corrected, where known."""

    session_id: str
    counted: float | None = None
    estimate: float | None = None


@dataclass(frozen=True)
class NoticeView:
    """A notice as pages show it; texts are by language.

    Attributes
    ----------
    kind
        `measure` (a person took it) or `decision` (a night's, which is automatic).
    code, name
        Code of the measure and its names; `none` for a tier that suggests none.
    findings, reasons
        What was found, and each signal in words.
    sessions, session_count, orders, order_count
        Evidence of the operator's own: as many as fit, and how many there are.
    appeal_due
        Last moment at which an appeal is accepted.
    """

    operator_id: str
    kind: str
    measure_id: str | None
    night: str
    code: str
    name: Mapping[str, str]
    status: str
    effective_from: datetime
    effective_to: datetime | None
    article: str
    policy_version: str
    tier: str
    findings: Mapping[str, str]
    reasons: list[Mapping[str, str]]
    sessions: list[SessionFigures]
    session_count: int
    orders: list[str]
    order_count: int
    appeal_due: datetime
    appeals: list[Appeal]

    def accepts_appeal(self, now: datetime) -> bool:
        """Whether an appeal may be opened now."""
        is_closed = any(a.verdict in (None, WON) for a in self.appeals)  # open, or won already
        return not is_closed and now <= self.appeal_due and self.status not in (PROPOSED, UNDONE)


def notice_view(
    lake: Lake, subject: NoticeSubject, now: datetime, policy: Policy
) -> NoticeView | None:
    """The notice of a subject; None where the measure or decision is not there any more."""
    if subject.measure_id is not None:
        return _of_measure(lake, subject, now, policy)
    try:
        return _of_decision(lake, subject, now, policy)
    except LakeProblem:  # a night that retention removed
        return None


def without_others(text: str, others: Collection[str], language: str) -> str:
    """A text in which ids of others are replaced.

    Examples
    --------
    >>> without_others("o1 shares a device with o2", {"o2"}, "en")
    'o1 shares a device with (another party)'
    """
    return WORD.sub(lambda m: OTHER_PARTY[language] if m[0] in others else m[0], text)


def _of_measure(
    lake: Lake, subject: NoticeSubject, now: datetime, policy: Policy
) -> NoticeView | None:
    measures = list_measures(lake, now, subject.operator_id)
    found = next((m for m in measures if m["measure_id"] == subject.measure_id), None)
    if found is None or found["status"] in (PROPOSED, UNDONE):
        return None
    if (found["subject_kind"], found["subject_id"]) != (OPERATOR, subject.operator_id):
        return None
    appeals = [a for a in list_appeals(lake, now) if a.measure_id == subject.measure_id]
    terms = {
        "kind": "measure",
        "measure_id": str(subject.measure_id),
        "night": found["effective_from"][:10],
        "status": found["status"],
        "effective_from": datetime.fromisoformat(found["effective_from"]),
        "effective_to": datetime.fromisoformat(found["effective_to"]),
        "article": found["article"],
        "policy_version": str(found["policy_version"]),
        "tier": found.get("tier") or "",
        "appeal_due": datetime.fromisoformat(found["appeal_due"]),
        "appeals": appeals,
    }
    grounds = (found["facts"], found["signals"], found["evidence"])
    return _view(lake, subject.operator_id, found["code"], grounds, terms, policy)


def _of_decision(
    lake: Lake, subject: NoticeSubject, now: datetime, policy: Policy
) -> NoticeView | None:
    decisions = read_outbound(lake, "tier_decisions", subject.night)
    mine = decisions[decisions["operator_id"] == subject.operator_id]
    if mine.empty:
        return None
    row, night = mine.iloc[0], str(mine["date"].iloc[0])[:10]
    as_of = row["as_of"].to_pydatetime()
    appeals = [
        a
        for a in list_appeals(lake, now)
        if a.operator_id == subject.operator_id
        and a.date == night
        and not (a.measure_id or a.request_id)
    ]
    terms: dict[str, Any] = {
        "kind": "decision",
        "measure_id": None,
        "night": night,
        "effective_from": as_of,
        "policy_version": str(row["policy_version"]),
        "tier": str(row["tier"]),
        "appeals": appeals,
    }
    why = json.loads(row["why"])
    measures = read_outbound(lake, "measures", night)
    taken = measures[measures["operator_id"] == subject.operator_id]
    if taken.empty:
        due = as_of + timedelta(days=policy.appeal_open_days)
        terms |= {"status": IN_FORCE, "effective_to": None, "article": "", "appeal_due": due}
        named = with_named_session({}, why)
        return _view(lake, subject.operator_id, "none", (why, [], named), terms, policy)
    m = with_present_status(taken, read_measures(lake), now).iloc[0]
    terms |= {
        "status": str(m["status"]),
        "effective_to": m["effective_to"].to_pydatetime(),
        "article": str(m["article"]),
        "appeal_due": m["appeal_due"].to_pydatetime(),
    }
    if terms["status"] == PROPOSED:  # a person has to take it; the decision itself may be appealed
        terms["status"] = IN_FORCE
    evidence = with_named_session(json.loads(m["evidence"]), why)
    grounds = (json.loads(m["facts"]), json.loads(m["signals"]), evidence)
    return _view(lake, subject.operator_id, str(m["code"]), grounds, terms, policy)


def _view(
    lake: Lake,
    operator: str,
    code: str,
    grounds: tuple[Mapping[str, str], list[dict[str, Any]], Mapping[str, list[str]]],
    terms: dict[str, Any],
    policy: Policy,
) -> NoticeView:
    findings, signals, evidence = grounds
    others = _other_ids(lake, operator, evidence)
    step = None if code == "none" else policy.ladder_step(code)
    sessions, orders = list(evidence.get("sessions", [])), list(evidence.get("orders", []))
    texts = [{"zh": s["zh"], "en": s["en"]} for s in signals]
    return NoticeView(
        operator_id=operator,
        code=code,
        name={"zh": step.zh, "en": step.en} if step else {"zh": "不采取措施", "en": "no measure"},
        findings={k: without_others(findings[k], others, k) for k in ("zh", "en")},
        reasons=[{k: without_others(r[k], others, k) for k in ("zh", "en")} for r in texts],
        sessions=_figures(lake, terms["night"], sessions[:MAX_SESSIONS]),
        session_count=len(sessions),
        orders=orders[:MAX_ORDERS],
        order_count=len(orders),
        **terms,
    )


def _other_ids(lake: Lake, operator: str, evidence: Mapping[str, list[str]]) -> frozenset[str]:
    """Ids of other operators of the last night, and of the rings in evidence."""
    try:
        known = published_run(lake).rows("tier_decisions", columns=["operator_id"])["operator_id"]
    except LakeProblem:
        known = []
    return (frozenset(map(str, known)) | frozenset(evidence.get("rings", []))) - {operator}


def _figures(lake: Lake, night: str, sessions: list[str]) -> list[SessionFigures]:
    """Counted and corrected views of sessions, by the last night up to one that has each."""
    known: dict[str, SessionFigures] = {}
    nights = sorted((n for n in published_runs(lake) if n <= night), reverse=True)
    for n in nights[:MAX_NIGHTS_OF_FIGURES]:
        missing = [s for s in sessions if s not in known]
        if not missing:
            break
        try:
            rows = read_outbound(lake, "corrected_figures", n)
        except LakeProblem:  # a night that is damaged
            continue
        views = rows[(rows["entity_kind"] == "session") & (rows["measure"] == "views")]
        for r in views[views["entity_id"].isin(missing)].itertuples(index=False):
            figures = SessionFigures(str(r.entity_id), float(r.counted), float(r.estimate))
            known.setdefault(figures.session_id, figures)
    return [known.get(s, SessionFigures(s)) for s in sessions]
