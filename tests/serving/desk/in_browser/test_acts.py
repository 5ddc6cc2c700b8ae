"""Acts of a desk in a real browser, by forms and links alone: what is shared and what waits."""

from __future__ import annotations

import hashlib

from serving.oversight.measures.state import IN_FORCE
from serving.oversight.measures.state_reading import read_measures
from tests.serving.desk.cases.working import cases_of, decided, state_of
from tests.serving.desk.looks import press, said

CONTENT = "%PDF-1.4 快递面单".encode()


def test_a_snoozed_case_comes_back_by_itself(person_page, desk):
    """Out of the queue until the day is over, under its own heading until then, and back after."""
    case = cases_of(desk)[0]
    page = person_page("li", "patrol")
    page.goto(f"/cases/{case}")
    page.fill("#snooze-until", "2026-01-23")
    page.fill("#snooze-reason", "the goods arrive that day")
    press(page.locator('button[value="snooze"]'))
    assert "snoozed" in said(page) and "until 23 Jan 2026 23:59" in page.inner_text("main")
    row = page.locator(f'tbody a[href="/cases/{case}"]')
    for path, rows in ((f"/?text={case}", 0), (f"/?text={case}&state=snoozed", 1)):
        page.goto(path)
        assert row.count() == rows, path
    desk.clock.advance(days=3)
    page = person_page("li", "patrol")  # the login of three days ago is over
    page.goto(f"/?text={case}")
    assert page.locator(f'tbody a[href="/cases/{case}"]').count() == 1
    page.goto(f"/cases/{case}")
    assert page.locator('button[value="wake"]').count() == 0


def test_a_case_is_handed_over_with_words(person_page, desk):
    """The next person finds it among its own cases with the words; the first holds it no more."""
    case = cases_of(desk)[1]
    li, chen = person_page("li", "patrol"), person_page("chen", "lead")
    li.goto(f"/cases/{case}")
    press(li.locator('button[value="claim"]'))
    chen.goto(f"/cases/{case}")
    assert "li has worked on this case" in chen.inner_text("p.fault")
    li.select_option("#hand-to", "chen")
    li.fill("#hand-reason", "you know <this> room")
    press(li.locator('button[value="hand"]'))
    assert state_of(desk, case).assignee == "chen" and state_of(desk, case).holder is None
    chen.goto("/?state=mine")
    press(chen.locator(f'tbody a[href="/cases/{case}"]'))
    assert "you know <this> room" in chen.inner_text("#history-head + div")
    press(chen.locator('button[value="claim"]'))
    assert state_of(desk, case).holder == "chen"


def test_a_grave_measure_waits_for_a_second_session(person_page, desk, shared):
    """The notice is read first, the proposer cannot approve, and another person's click binds."""
    case = cases_of(desk)[2]
    decided(desk, case, shared[2].signer("li"))
    li, chen = person_page("li", "patrol"), person_page("chen", "lead")
    li.goto(f"/cases/{case}")
    li.select_option("#code", "block")
    li.fill("#measure-reason", "bots in two rooms")
    press(li.locator(f'form[action="/cases/{case}/measure"] button'))
    notices = li.locator("blockquote").all_inner_texts()
    assert "阻断直播" in notices[0] and "bots in two rooms" in notices[1]
    if li.locator("#beyond").count():  # the measure is beyond what the facts of this case allow
        li.fill("#beyond", "the same bots were there last week")
    press(li.locator(f'form[action="/cases/{case}/measure"] button'))
    (measure,) = read_measures(desk.lake).pending
    li.goto("/approvals")
    assert li.locator('button[value="approve"]').count() == 0
    chen.goto("/approvals")
    assert "bots in two rooms" in chen.inner_text("blockquote >> nth=1")
    chen.locator('button[value="approve"]').dblclick()
    chen.locator("p.message").get_by_text("Approved.", exact=True).wait_for()
    desk.clock.advance(minutes=1)
    state = read_measures(desk.lake)
    assert state.measures[measure].status(desk.naive_now()) == IN_FORCE and not state.pending
    li.goto(f"/cases/{case}")
    assert "approved by chen" in li.inner_text("#measure-head ~ ul")


def test_a_watchlist_from_a_case_to_the_queue(person_page, desk):
    """A case leads to its operator's place on a list, the list to its cases, and both end."""
    case = cases_of(desk)[3]
    operator = state_of(desk, case).operator_id
    page = person_page("li", "patrol")
    page.goto(f"/cases/{case}")
    press(page.locator('a[href^="/watchlists?operator="]'))
    assert page.input_value("#operator") == operator
    page.fill("#watchlist", "春季 & more")
    page.fill("#reason", "moved twice")
    page.fill("#until", "2026-02-20")
    press(page.locator('button[value="add"]'))
    assert "20 Feb 2026" in page.inner_text("tbody")
    press(page.locator("tbody a >> nth=0"))
    assert page.locator(f'tbody a[href="/cases/{case}"]').count() == 1
    page.goto("/watchlists")
    press(page.locator('button[value="remove"]'))
    assert page.locator("tbody tr").count() == 0


def test_an_attachment_comes_back_as_it_was_given(person_page, desk):
    """Its digest stands beside it, and a second person downloads the same bytes."""
    case = cases_of(desk)[4]
    page, other = person_page("li", "patrol"), person_page("vera", "viewer")
    page.goto(f"/cases/{case}")
    given = {"name": "面单 1.pdf", "mimeType": "application/pdf", "buffer": CONTENT}
    page.set_input_files("#file", files=[given])
    press(page.locator('button[value="attach"]'))
    digest = hashlib.sha256(CONTENT).hexdigest()
    other.goto(f"/cases/{case}")
    assert digest in other.inner_text("#file-head + div")
    with other.expect_download() as download:
        other.get_by_role("link", name="面单 1.pdf").click()
    assert download.value.suggested_filename == "面单 1.pdf"
    assert download.value.path().read_bytes() == CONTENT
