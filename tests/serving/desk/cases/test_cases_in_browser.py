"""Pages of cases in a real browser: at two widths, in both languages, and a day's work by hand."""

from __future__ import annotations

import pytest

from serving.desk.casework.case_measures import WantedMeasure, propose_measure
from serving.desk.casework.claims import Chosen, claim
from serving.desk.casework.notes import add_label, add_note
from tests.serving.desk.cases.working import cases_of, decided, state_of
from tests.serving.desk.looks import look, press

PATHS = ("/", "/watchlists", "/mentions", "/assignment", "/quality", "/approvals")
MEASURE = "measure?code=block&days=7&reason=bots+in+two+rooms"


@pytest.fixture
def worked(desk, people):
    """Two cases: one decided with a proposal, one in work with a note and a label."""
    people.add("li", "patrol", "lead", "auditor")
    li, (one, two) = people.signer("li"), cases_of(desk)[:2]
    add_note(desk, Chosen([two], li), "请 @li 复核深夜订单", ["li"])
    add_label(desk, Chosen([one, two], li), "spring", None)
    decided(desk, one, li)
    propose_measure(desk, Chosen([one], li), WantedMeasure("block", 7, "bots", "ordered"))
    claim(desk, Chosen([two], li))
    return one, two


def test_a_case_in_work_looks_right(browser_page, worked):
    """Nothing is cut at 1400 and 400 pixels, in Chinese and English; axe finds nothing grave."""
    look(browser_page("patrol", "lead", name="li"), f"/cases/{worked[1]}")


@pytest.mark.slow
def test_every_page_of_cases_looks_right(browser_page, worked):
    """Queue, lists, approvals, a decided case and the preview of a measure look right too."""
    page = browser_page("patrol", "lead", "auditor", name="li")
    for path in (*PATHS, f"/cases/{worked[0]}", f"/cases/{worked[0]}/{MEASURE}"):
        look(page, path)


def test_a_day_in_the_browser(browser_page, desk):
    """A case is found by its id, claimed, noted, labelled, decided, and the decision taken back."""
    case = cases_of(desk)[0]
    page = browser_page("patrol", "lead", name="li")
    page.goto("/")
    page.locator("summary").click()
    page.fill("#f-text", case)
    press(page.locator('form[method="get"] button'))
    assert page.locator("tbody tr").count() == 1
    page.check('input[name="case"]')
    press(page.locator('button[value="claim"]'))
    assert "1 cases" in page.inner_text('[role="status"] >> nth=0')
    page.goto(f"/cases/{case}")
    page.fill("#text", "<b>called</b> @li")
    press(page.locator('button[value="note"]'))
    assert "<b>called</b>" in page.inner_text("article")
    page.fill("#label", "spring")
    press(page.locator('button[value="label"]'))
    page.check('input[value="cleared"]')
    page.fill("#basis", "a celebrity came by that day")
    page.check('input[value="timeline"]')
    page.locator(f'form[action="/cases/{case}/decide"] button').dblclick()
    page.get_by_role("status").get_by_text("overturns what the night decided").wait_for()
    assert state_of(desk, case).status == "decided"
    page.locator('input[name="reason"] >> nth=0').fill("the wrong case")
    press(page.locator(f'form[action="/cases/{case}/undo"] button >> nth=0'))
    assert "withdrawn" in page.inner_text('[role="status"]')
    assert state_of(desk, case).holder == "li"
