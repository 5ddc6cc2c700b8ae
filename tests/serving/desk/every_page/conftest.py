"""A desk on which something of each kind has happened, for tests over all pages."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from data_contracts.runs import read_outbound
from serving.desk.accounts.account import Account
from serving.desk.accounts.logins.invitations import invite
from serving.desk.casework.case_measures import WantedMeasure, propose_measure
from serving.desk.casework.claims import Chosen
from serving.desk.casework.kept_lists import set_rule, watch
from serving.desk.casework.notes import add_label, add_note
from serving.desk.inbox.notice_links import NoticeSubject, make_notice_link
from serving.desk.laboratory.drafts import begin_draft
from serving.desk.laboratory.policy_text import with_dates, with_value
from serving.oversight.appeals.appeal_record import open_appeal
from serving.oversight.policies.publication import PolicyProposal, propose_policy
from tests.serving.desk.cases.working import cases_of, decided, state_of

MEASURE = "code=block&days=7&reason=bots+in+two+rooms"


@pytest.fixture
def page_addresses(desk, people, falsest, largest_ring) -> dict[str, str]:
    """The address of a page with content, by the route that shows it."""
    row = people.add("li", "patrol", "policy")
    li, (one, two) = people.signer("li"), cases_of(desk)[:2]
    account = Account(row.id, "li", ("patrol",), "en")
    add_note(desk, Chosen([two], li), "@li 请复核", ["li"])
    add_label(desk, Chosen([one, two], li), "spring", None)
    decided(desk, one, li)
    propose_measure(desk, Chosen([one], li), WantedMeasure("block", 7, "bots", "ordered"))
    operator = state_of(desk, one).operator_id
    watch(desk, li, operator, "spring", "moved twice", None)
    set_rule(desk, li, "tier", "C", ["li"])
    night = str(read_outbound(desk.lake, "runs")["date"].iloc[0])[:10]
    now = desk.naive_now()
    appeal = open_appeal(desk.lake, operator, night, "The raid is real.", "shop", now, desk.policy)
    draft = begin_draft(desk, account, "Fewer reviews")
    text = with_dates(draft.text, now.date(), now.date() + timedelta(days=40), important=False)
    text = with_value(text, "service", "idle_seconds", "31.0")
    policy = propose_policy(desk.lake, PolicyProposal(text, "why", li), now).policy_id
    with desk.database.transaction() as session:
        subject = NoticeSubject(operator, None, night)
        _, token = make_notice_link(session, subject, account, desk.clock(), 30)
        setup = invite(session, row.id, desk.clock())
    operator, session_id, ring = (quote(i, safe="") for i in (operator, falsest, largest_ring))
    return {
        "/": "/",
        "/cases/{case_id:segment}": f"/cases/{one}",
        "/cases/{case_id:segment}/measure": f"/cases/{one}/measure?{MEASURE}",
        "/operators/{id:segment}": f"/operators/{operator}",
        "/operators/{id:segment}/orders": f"/operators/{operator}/orders",
        "/search": "/search?q=10",
        "/sessions/{id:segment}": f"/sessions/{session_id}",
        "/sessions/{id:segment}/false-views": f"/sessions/{session_id}/false-views",
        "/sessions/{id:segment}/orders": f"/sessions/{session_id}/orders",
        "/rings/{id:segment}": f"/rings/{ring}",
        "/laboratory/drafts/{id:segment}": f"/laboratory/drafts/{draft.id}",
        "/laboratory/policies/{id:segment}": f"/laboratory/policies/{policy}",
        "/appeals/{id:segment}": f"/appeals/{appeal.appeal_id}",
        "/appeals": f"/appeals?operator={operator}",
        "/notice/{token:segment}": f"/notice/{token}",
        "/setup": f"/setup?token={setup}",
    } | {
        path: path
        for path in (
            *("/account", "/accounts", "/approvals", "/assignment", "/audit-log", "/complaints"),
            *("/credit", "/laboratory", "/laboratory/challengers", "/login", "/mentions"),
            *("/nights", "/operators", "/quality", "/rings", "/unlock", "/watchlists", "/webhooks"),
        )
    }
