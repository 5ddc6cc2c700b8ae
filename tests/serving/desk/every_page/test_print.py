"""Printed pages: nothing is cut at the width of A4, and what a screen folds away is printed."""

from __future__ import annotations

from data_contracts.runs import read_outbound
from tests.serving.desk.cases.working import cases_of, decided, state_of
from tests.serving.desk.looks import press

A4_PIXELS = 718  # 210 mm at 96 dpi, less margins of 10 mm
WIDEST = """() => Math.max(...[...document.querySelectorAll('main *')]
    .map(e => e.getBoundingClientRect()).filter(r => r.width).map(r => r.right))"""
FOLDED = """() => [...document.querySelectorAll('main details:not(:has(form))')]
    .filter(d => d.lastElementChild.getBoundingClientRect().height === 0).length"""


def test_pages_are_printed_whole(desk, browser_page, people):
    """Queue, case, dossiers and nights in Chinese: rows are there, forms and buttons are not."""
    people.add("li", "patrol")
    case = cases_of(desk)[0]
    decided(desk, case, people.signer("li"))
    operator = state_of(desk, case).operator_id
    session = read_outbound(desk.lake, "false_views")["session_id"].mode().iloc[0]
    page = browser_page("patrol", name="li", viewport={"width": A4_PIXELS, "height": 1000})
    page.goto("/account")
    press(page.locator('button[name="language"][value="zh"]'))
    page.emulate_media(media="print")
    paths = ("/", f"/cases/{case}", f"/operators/{operator}", f"/sessions/{session}", "/nights")
    for path in paths:
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.evaluate(WIDEST) <= A4_PIXELS + 1, path
        assert page.evaluate(FOLDED) == 0, path
        assert page.locator("button:visible, input:visible, .top:visible").count() == 0, path
        assert page.locator("main tbody tr:visible").count() > 0, path
    page.goto("/")
    assert page.locator("main tbody tr:visible").count() == page.locator("main tbody tr").count()
    assert page.pdf(format="A4").startswith(b"%PDF")
