"""Pages of the inboxes, of the operator's side and for the public, in a browser."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.runs import read_outbound
from features.engine.snapshot import Snapshot
from serving.oversight.appeals.appeal_record import list_appeals, open_appeal
from tests.serving.desk.inbox.test_notices import accused, make_link  # noqa: F401
from tests.serving.desk.looks import look, press


def test_appeal_is_opened_by_its_link_and_won_at_the_desk(desk, browser_page, client, accused):  # noqa: F811
    """Both sides in a real browser, until the page says which labels were written."""
    place = f"/notice/{make_link(client('lead', name='lu'), accused)}"
    operator = browser_page("viewer", name="vi")
    operator.context.clear_cookies()
    operator.goto(place)
    operator.check("#kind-appeal")
    operator.fill("#text", "A celebrity came to the room.")
    operator.set_input_files(
        "#files", {"name": "proof.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 x"}
    )
    operator.click("button:text-is('Send the appeal')")
    assert "The appeal is open under" in operator.inner_text("main")
    (appeal,) = list_appeals(desk.lake, desk.naive_now())
    reviewer = browser_page("reviewer", name="rui")
    reviewer.goto("/appeals")
    reviewer.click(f"a:text-is('{appeal.appeal_id}')")
    assert "proof.pdf" in reviewer.inner_text("main")
    reviewer.fill("#text", "We look at the raid.")
    reviewer.click("button:text-is('Add the statement')")
    reviewer.goto(f"/appeals/{appeal.appeal_id}")
    reviewer.check("#verdict-error")
    reviewer.fill("#reason", "The raid is real.")
    reviewer.click("button:text-is('Decide and sign')")
    words = reviewer.inner_text("main")
    assert "overturned and becomes a label" in words and "The verdict became a label" in words
    look(reviewer, f"/appeals/{appeal.appeal_id}", "appeal-won")
    operator.goto(place)
    assert "You won" in operator.inner_text(
        "main"
    ) and "We look at the raid." in operator.inner_text("main")


def test_clock_of_appeals(desk, client, clock):
    """An open appeal says what is left, a late one by how much, in the order of due dates."""
    operators = read_outbound(desk.lake, "tier_decisions")["operator_id"].tolist()[:2]
    open_appeal(desk.lake, operators[0], None, "why", "shop", desk.naive_now(), desk.policy)
    clock.advance(days=desk.policy.appeal_days - 2)
    open_appeal(desk.lake, operators[1], "2026-01-20", "why", "shop", desk.naive_now(), desk.policy)
    reviewer = client("reviewer", name="rui")
    text = reviewer.get("/appeals").text
    assert "2 d 0 h left" in text and text.index(operators[0]) < text.index(operators[1])
    clock.advance(days=3)
    reviewer = client("reviewer", name="rui")
    assert "late by 1 d 0 h" in reviewer.get("/appeals?status=late").text


@pytest.fixture
def complaints(desk):
    """Complaints by one buyer, most of them unfounded, and those of the lake."""
    with Snapshot.open(desk.lake, desk.naive_now()) as tables:
        orders = tables["orders"].select("order_id", "operator_id", "buyer_id").to_pandas()
        columns = tables["complaints"].columns
    buyer = orders["buyer_id"].value_counts().index[0]
    mine = orders[orders["buyer_id"] == buyer]
    mine = pd.concat([mine] * (20 // len(mine) + 1)).head(20)
    at = datetime(2026, 1, 19)
    rows = mine.assign(
        complaint_id=[f"c abuse/{i}" for i in range(len(mine))], kind="other", opened_at=at,
        closed_at=at + timedelta(hours=1), upheld=False, received_at=at + timedelta(hours=2),
        due_at=at + timedelta(days=7),
    )  # fmt: skip
    desk.lake.append_day("complaints", at.date(), rows.reindex(columns=columns), part=991)
    open_row = rows.head(1).assign(
        complaint_id="c open=1", closed_at=pd.NaT, upheld=None, kind="fake_traffic"
    )
    desk.lake.append_day("complaints", at.date(), open_row.reindex(columns=columns), part=992)
    return str(buyer)


def test_complaint_is_verified_and_abuse_is_shown(desk, browser_page, complaints):
    """A reviewer finds a complaint verified, signed; who complains without ground is listed."""
    page = browser_page("reviewer", name="rui")
    page.goto("/complaints?status=open")
    row = page.locator("tr", has_text="c open=1")
    row.locator("summary").click()
    row.locator("textarea").fill("The views were bought.")
    press(row.locator("button[value=verified]"))
    assert "c open=1 is verified" in page.inner_text("main")
    page.goto("/complaints?status=verified")
    assert "rui: The views were bought." in page.inner_text("main")
    assert complaints in page.inner_text("section[aria-labelledby=abusive]")


def test_old_complaints_stay_in_the_inbox(client, clock):
    """A complaint that waits for a year is late there; the page reads its files once an hour."""
    first = client("reviewer", name="rui").get("/complaints?status=late")
    count = int(re.search(r"of (\d+)<", first.text)[1])
    clock.advance(days=365)
    later = client("reviewer", name="rui").get("/complaints?status=late")
    assert int(re.search(r"of (\d+)<", later.text)[1]) > count > 0


def test_credit_is_public_without_thresholds(desk, visitor, browser_page):
    """Anybody reads levels and rules; no threshold of a detector is on the page."""
    published = read_outbound(desk.lake, "credit")
    operator = str(published["operator_id"].iloc[0])
    text = visitor.get(f"/credit?operator={operator}", headers={"accept-language": "en"}).text
    assert operator in text and "1 of 1" in text and "half after 90 days" in text
    for name in ("false_discovery", "detector_risk", "accuse_session", "threshold="):
        assert name not in text
    page = browser_page("viewer")
    page.context.clear_cookies()
    page.goto("/credit")
    assert f"50 of {len(published)}" in page.inner_text("main")


def test_receiver_is_added_at_the_desk(desk, browser_page):
    """Its secret is shown once; an address inside is refused in words."""
    page = browser_page("administrator", name="adm")
    page.goto("/webhooks")
    page.fill("#url", "https://192.168.1.9/hook")
    page.click("section.card button")
    assert "private network" in page.inner_text("main")
    page.fill("#url", "http://127.0.0.1:9/hook")
    page.click("section.card button")
    secret = page.input_value("#secret")
    assert len(secret) == 64
    page.goto("/webhooks")
    page.click("button:text-is('Send a test')")
    page.goto("/webhooks")
    assert "waits until" in page.inner_text("main") and secret not in page.content()
