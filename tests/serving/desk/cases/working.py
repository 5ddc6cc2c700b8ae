"""How tests of cases open, choose and decide them."""

from __future__ import annotations

import json

from sqlalchemy import select

from serving.desk.cases.case_state import GOLDEN, OPERATOR, PATROL
from serving.desk.cases.night_cases import open_night
from serving.desk.cases.projection import ALL_TABLES, states_of
from serving.desk.casework.claims import Chosen, claim
from serving.desk.casework.dispositions import Disposition, decide
from serving.desk.store.tables.cases import CaseRow

FOUND = Disposition("found", "view_fraud", "bots in two rooms of the week", (), ("views",))
CLEARED = Disposition("cleared", "view_fraud", "a celebrity came by that day", (), ("timeline",))


def cases_of(desk, kind=OPERATOR, origin=PATROL):
    """Ids of cases of a kind and origin; opens the newest night first."""
    open_night(desk)
    with desk.database.snapshot() as session:
        query = select(CaseRow.case_id).where(CaseRow.kind == kind, CaseRow.origin == origin)
        return list(session.scalars(query.order_by(CaseRow.case_id)))


def golden_cases(desk):
    return cases_of(desk, "session", GOLDEN)


def state_of(desk, case_id):
    with desk.database.snapshot() as session:
        return states_of(session, [case_id])[case_id]


def decided(desk, case_id, author, disposition=FOUND):
    """Claim and decide a case; returns the line."""
    claim(desk, Chosen([case_id], author))
    return decide(desk, Chosen([case_id], author), disposition)


def dump(desk):
    """All rows of the tables of cases, for comparison."""
    with desk.database.snapshot() as session:
        return {
            t.__tablename__: sorted(
                json.dumps([str(v) for v in row], ensure_ascii=False)
                for row in session.execute(select(*t.__table__.columns))
            )
            for t in ALL_TABLES
        }
