"""Lists that people keep at the desk: watchlists, saved filters, rules and capacities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.cases.assignment import EVERY, RULE_COLUMNS
from serving.desk.cases.case_record import Act, perform
from serving.desk.cases.case_state import (
    CAPACITY_SET,
    FILTER_REMOVED,
    FILTER_SAVED,
    RULE_REMOVED,
    RULE_SET,
    UNWATCHED,
    WATCHED,
    Line,
)
from serving.desk.cases.refusals import CaseRefused
from serving.desk.desk import Desk
from serving.desk.store.tables.case_lists import NightOperatorRow, SavedFilterRow, WatchRow
from serving.oversight.people.signers import Author

MAX_NAME_CHARACTERS = 60
MAX_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Watched:
    """An operator on a watchlist with what the newest night says of it; None is not in it."""

    watch: WatchRow
    tier: str | None
    risk: float | None
    harm: float | None


def watch(
    desk: Desk, author: Author, operator: str, watchlist: str, reason: str, until: datetime | None
) -> Line:
    """Put an operator on a watchlist, until a moment (naive UTC) or for ever.

    Raises CaseRefused.
    """
    name = _name(watchlist)
    if not reason.strip():
        raise CaseRefused("cases.refused.no_reason")
    if until is not None and until <= desk.naive_now():
        raise CaseRefused("cases.refused.past")
    with desk.database.transaction() as session:
        if session.get(NightOperatorRow, operator) is None:
            raise CaseRefused("cases.refused.no_operator", operator=operator)
        body = {
            "watchlist": name,
            "operator_id": operator,
            "reason": reason.strip(),
            "until": until.isoformat(timespec="seconds") if until else None,
        }
        return perform(desk, Act(WATCHED, author, body=body))


def unwatch(desk: Desk, author: Author, operator: str, watchlist: str) -> Line:
    """Take an operator off a watchlist."""
    body = {"watchlist": _name(watchlist), "operator_id": operator}
    return perform(desk, Act(UNWATCHED, author, body=body))


def watched(session: Session, now: datetime) -> list[Watched]:
    """Operators on watchlists at a moment (aware UTC), by list and expected harm."""
    n = NightOperatorRow
    query = (
        select(WatchRow, n.tier, n.risk, n.harm)
        .outerjoin(n, n.operator_id == WatchRow.operator_id)
        .where((WatchRow.until.is_(None)) | (WatchRow.until > now))
        .order_by(WatchRow.watchlist, n.weight.desc().nulls_last(), WatchRow.operator_id)
    )
    return [Watched(*row) for row in session.execute(query)]


def save_filter(desk: Desk, author: Author, name: str, query: str) -> Line:
    """Save a filter of the queue under a name of one's own. Raises CaseRefused."""
    body = {"name": _name(name), "query": query[:2000]}
    return perform(desk, Act(FILTER_SAVED, author, body=body))


def remove_filter(desk: Desk, author: Author, name: str) -> Line:
    """Remove a saved filter."""
    return perform(desk, Act(FILTER_REMOVED, author, body={"name": _name(name)}))


def saved_filters(session: Session, person: str) -> list[SavedFilterRow]:
    """Filters that a person saved, by name."""
    query = select(SavedFilterRow).where(SavedFilterRow.by == person)
    return list(session.scalars(query.order_by(SavedFilterRow.name)))


def set_rule(desk: Desk, author: Author, column: str, value: str, persons: Sequence[str]) -> Line:
    """Set a rule that assigns new cases to persons in turn. Raises CaseRefused."""
    given = list(dict.fromkeys(p.strip() for p in persons if p.strip()))
    if column not in RULE_COLUMNS or not given or (column != EVERY and not value.strip()):
        raise CaseRefused("cases.refused.rule")
    body = {"column": column, "value": value.strip(), "persons": given}
    return perform(desk, Act(RULE_SET, author, body=body))


def remove_rule(desk: Desk, author: Author, rule_id: str) -> Line:
    """Remove a rule of assignment."""
    return perform(desk, Act(RULE_REMOVED, author, body={"rule_id": rule_id}))


def set_capacity(desk: Desk, author: Author, person: str, minutes: int) -> Line:
    """Set the minutes that a person has for cases on a day. Raises CaseRefused."""
    if not person.strip() or not 0 <= minutes <= MAX_DAY_MINUTES:
        raise CaseRefused("cases.refused.minutes", most=MAX_DAY_MINUTES)
    body = {"person": person.strip(), "minutes": minutes}
    return perform(desk, Act(CAPACITY_SET, author, body=body))


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > MAX_NAME_CHARACTERS:
        raise CaseRefused("cases.refused.name", most=MAX_NAME_CHARACTERS)
    return name
