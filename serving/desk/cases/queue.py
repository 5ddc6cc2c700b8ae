"""The queue: cases by expected harm or by any column, filtered, searched, and paged in SQL.

Sessions show neither risk nor tier before they are decided, and stand at a place drawn by chance.
So nothing tells whether the audit, a golden case or a patrol chose one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from serving.desk.cases.case_state import CLOSED, IN_WORK, OPERATOR
from serving.desk.store.tables.case_lists import NightOperatorRow, WatchRow
from serving.desk.store.tables.cases import CaseLabelRow, CaseRow

CASES_PER_PAGE = 50
MAX_TERMS = 8
OPEN_CASES, MINE, UNASSIGNED, LATE, SNOOZED, DECIDED, EVERY = STATES = (
    "open",
    "mine",
    "unassigned",
    "late",
    "snoozed",
    "decided",
    "every",
)


def _of_operator(column: Any) -> ColumnElement[Any]:
    """A column of the night that is shown for operators alone."""
    return case((CaseRow.kind == OPERATOR, column))


WEIGHT = func.coalesce(CaseRow.blind_weight, NightOperatorRow.weight, 0.0)
SORTS: dict[str, Any] = {
    "harm": WEIGHT,
    "risk": _of_operator(NightOperatorRow.risk),
    "influence": _of_operator(NightOperatorRow.influence),
    "tier": _of_operator(NightOperatorRow.tier),
    "due": CaseRow.due_at,
    "opened": CaseRow.opened_at,
    "decided": CaseRow.decided_at,
    "assignee": func.coalesce(CaseRow.holder, CaseRow.assignee),
    "subject": CaseRow.subject_id,
    "kind": CaseRow.kind,
    "typology": _of_operator(NightOperatorRow.typology),
    "mcn": NightOperatorRow.mcn_id,
    "region": NightOperatorRow.region,
    "category": NightOperatorRow.category,
}
COLUMN_FILTERS = ("tier", "typology", "mcn", "region", "category", "kind", "assignee")
SHOWN_COLUMNS = ("tier", "typology", "risk", "influence", "harm")
ASCENDING_SORTS = (*COLUMN_FILTERS[1:], "due", "subject")


@dataclass(frozen=True)
class QueueFilter:
    """A selection and order of cases; every field is a text of the address bar."""

    state: str = OPEN_CASES
    text: str = ""
    tier: str = ""
    typology: str = ""
    mcn: str = ""
    region: str = ""
    category: str = ""
    kind: str = ""
    assignee: str = ""
    label: str = ""
    watchlist: str = ""
    sort: str = "harm"
    direction: str = ""
    page: int = 1

    @classmethod
    def of(cls, values: Mapping[str, str]) -> QueueFilter:
        """The filter of an address. Unknown names and values are left out."""
        known = {f.name for f in fields(cls)} - {"page"}
        given = {k: v.strip()[:200] for k, v in values.items() if k in known and v.strip()}
        if given.get("state") not in STATES:
            given.pop("state", None)
        if given.get("sort") not in SORTS:
            given.pop("sort", None)
        page = values.get("page", "1")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        return cls(**given, page=max(1, number))

    def query(self, **changes: Any) -> str:
        """The filter as the query of an address, with some fields changed."""
        default = QueueFilter()
        values = {f.name: getattr(self, f.name) for f in fields(self)} | {"page": 1} | changes
        return urlencode({k: v for k, v in values.items() if v != getattr(default, k)})

    @property
    def is_descending(self) -> bool:
        """Whether the greatest comes first."""
        if self.direction in ("up", "down"):
            return self.direction == "down"
        return self.sort not in ASCENDING_SORTS


@dataclass(frozen=True)
class QueueRow:
    """A case as the queue shows it; None is unknown, or not shown for a session."""

    case_id: str
    kind: str
    subject_id: str
    operator_id: str
    tier: str | None
    typology: str | None
    risk: float | None
    influence: float | None
    harm: float | None
    mcn_id: str | None
    due_at: datetime
    status: str
    holder: str | None
    claimed_at: datetime | None
    assignee: str | None
    snoozed_until: datetime | None
    verdict: str | None
    decided_at: datetime | None
    version: int
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueuePage:
    """A page of the queue: its rows, how many there are in all, and the number of pages."""

    rows: tuple[QueueRow, ...]
    total: int
    page: int
    pages: int


def queue_page(session: Session, wanted: QueueFilter, person: str, now: datetime) -> QueuePage:
    """A page of the queue as a person sees it at a moment (aware UTC)."""
    conditions = _conditions(wanted, person, now)
    total = session.scalar(_joined(select(func.count())).where(*conditions)) or 0
    pages = max(1, -(-total // CASES_PER_PAGE))
    page = min(wanted.page, pages)
    order = SORTS[wanted.sort]
    order = order.desc() if wanted.is_descending else order.asc()
    query = (
        _joined(
            select(
                CaseRow,
                *(_of_operator(getattr(NightOperatorRow, name)) for name in SHOWN_COLUMNS),
                NightOperatorRow.mcn_id,
            )
        )
        .where(*conditions)
        .order_by(order.nulls_last(), CaseRow.due_at, CaseRow.case_id)
        .limit(CASES_PER_PAGE)
        .offset((page - 1) * CASES_PER_PAGE)
    )
    found = session.execute(query).all()
    labels = labels_of(session, [r[0].case_id for r in found], now)
    return QueuePage(tuple(_row(r, labels) for r in found), total, page, pages)


def labels_of(session: Session, cases: list[str], now: datetime) -> dict[str, tuple[str, ...]]:
    """Labels of some cases that hold at a moment."""
    query = select(CaseLabelRow.case_id, CaseLabelRow.label).where(
        CaseLabelRow.case_id.in_(cases), _holds(CaseLabelRow.until, now)
    )
    found: dict[str, tuple[str, ...]] = {}
    for case_id, label in session.execute(query.order_by(CaseLabelRow.label)):
        found[case_id] = (*found.get(case_id, ()), label)
    return found


def is_waiting(now: datetime) -> ColumnElement[bool]:
    """Cases that are not decided and not snoozed at a moment."""
    awake = or_(CaseRow.snoozed_until.is_(None), CaseRow.snoozed_until <= now)
    return and_(CaseRow.status != CLOSED, awake)


def _joined(query: Select[Any]) -> Select[Any]:
    return query.select_from(CaseRow).outerjoin(
        NightOperatorRow, NightOperatorRow.operator_id == CaseRow.operator_id
    )


def _conditions(wanted: QueueFilter, person: str, now: datetime) -> list[ColumnElement[bool]]:
    states: dict[str, list[ColumnElement[bool]]] = {
        OPEN_CASES: [is_waiting(now)],
        MINE: [is_waiting(now), or_(CaseRow.holder == person, CaseRow.assignee == person)],
        UNASSIGNED: [
            is_waiting(now),
            CaseRow.status != IN_WORK,
            CaseRow.assignee.is_(None),
        ],
        LATE: [is_waiting(now), CaseRow.due_at < now],
        SNOOZED: [CaseRow.status != CLOSED, CaseRow.snoozed_until > now],
        DECIDED: [CaseRow.status == CLOSED],
        EVERY: [],
    }
    found = list(states[wanted.state])
    found += [SORTS[name] == value for name in COLUMN_FILTERS if (value := getattr(wanted, name))]
    if wanted.label:
        found.append(
            CaseRow.case_id.in_(
                select(CaseLabelRow.case_id).where(
                    CaseLabelRow.label == wanted.label, _holds(CaseLabelRow.until, now)
                )
            )
        )
    if wanted.watchlist:
        watched = select(WatchRow.operator_id).where(
            WatchRow.watchlist == wanted.watchlist, _holds(WatchRow.until, now)
        )
        found.append(CaseRow.operator_id.in_(watched))
    return found + [_has_words(term) for term in wanted.text.lower().split()[:MAX_TERMS]]


def _has_words(term: str) -> ColumnElement[bool]:
    """Cases whose words, or reasons of the night, contain a term."""
    night = NightOperatorRow
    reasons = [_of_operator(func.lower(c)) for c in (night.why_zh, night.why_en)]
    columns = [CaseRow.words, *reasons, *(func.lower(c) for c in (night.mcn_id, night.category))]
    return or_(*(c.contains(term, autoescape=True) for c in columns))


def _holds(until: Any, now: datetime) -> ColumnElement[bool]:
    return or_(until.is_(None), until > now)


def _row(found: Any, labels: dict[str, tuple[str, ...]]) -> QueueRow:
    c, tier, typology, risk, influence, harm, mcn_id = found
    copied = ["case_id", "kind", "subject_id", "operator_id", "due_at", "status", "holder"]
    copied += ["claimed_at", "assignee", "snoozed_until", "verdict", "decided_at", "version"]
    own: dict[str, Any] = {name: getattr(c, name) for name in copied}
    night = {"tier": tier, "typology": typology, "risk": risk, "influence": influence}
    return QueueRow(**own, **night, harm=harm, mcn_id=mcn_id, labels=labels.get(c.case_id, ()))
