"""The operator's side: a notice by a link, an appeal with files, and what comes of it."""

from __future__ import annotations

import json
import re

import pytest

from data_contracts.runs import read_outbound
from features.engine.snapshot import Snapshot
from serving.desk.accounts.audit_log import AuditFilter, read_audit
from serving.desk.inbox.notice_view import without_others
from serving.desk.inbox.statements import read_attachment, statements_of
from serving.oversight.appeals.appeal_record import list_appeals
from serving.oversight.measures.manual_measures import list_measures, take_measure
from serving.oversight.measures.measure_requests import MeasureRequest
from serving.oversight.measures.state_reading import read_measures

PDF = b"%PDF-1.4 proof"


@pytest.fixture
def accused(desk) -> str:
    """An operator with sessions in evidence."""
    made = read_outbound(desk.lake, "measures")
    has_sessions = made["evidence"].map(lambda e: "sessions" in json.loads(e))
    return str(made.loc[has_sessions, "operator_id"].iloc[0])


def make_link(person, accused: str, **terms) -> str:
    """The address of a new link, as the page shows it once."""
    page = person.submit("/appeals/links", page="/appeals", operator_id=accused, **terms)
    assert page.status_code == 200, page.text
    return re.search(r'value="(http[^"]+/notice/[^"]+)"', page.text)[1].partition("/notice/")[2]


@pytest.fixture
def token(client, accused) -> str:
    return make_link(client("reviewer", name="rui"), accused)


def warn(desk, people, operator: str) -> str:
    """A measure that a person took."""
    people.add("pat", "patrol")
    request = MeasureRequest(operator, "warn", people.signer("pat"), "bought views", 30)
    return str(take_measure(desk.lake, request, desk.naive_now(), desk.policy)["measure_id"])


def test_notice_shows_evidence_and_no_threshold(desk, visitor, token, accused):
    """Facts, reasons and own sessions are there; thresholds, rings and other operators are not."""
    page = visitor.get(f"/notice/{token}", headers={"accept-language": "en"})
    assert page.status_code == 200 and accused in page.text
    row = read_outbound(desk.lake, "measures").set_index("operator_id").loc[accused]
    for signal in json.loads(row["signals"]):
        assert signal["signal"] not in page.text
    sessions = json.loads(row["evidence"])["sessions"]
    assert all(s in page.text for s in sessions)
    others = set(read_outbound(desk.lake, "tier_decisions")["operator_id"]) - {accused}
    assert not [o for o in others if o in page.text]
    assert page.headers["cache-control"] == "no-store" and "noindex" not in page.text


def test_ids_of_others_are_replaced_as_whole_words():
    """An id that is the beginning of another is left alone."""
    text = "o1 shares a device with o12, and o12|x is known"
    assert without_others(text, {"o12"}, "en").startswith("o1 shares a device with (another party)")
    assert "o12|x" in without_others(text, {"o12"}, "en")


def test_operator_appeals_by_its_link_and_wins(desk, people, client, visitor, accused):
    """A label is written, the measure lifted, and both sides are told on their pages."""
    measure = warn(desk, people, accused)
    reviewer = client("reviewer", name="rui")
    token = make_link(reviewer, accused, measure_id=measure)
    place = f"/notice/{token}"
    answer = visitor.submit(
        f"{place}/appeal", page=place, text="A celebrity came.", files={"files": ("a.pdf", PDF)}
    )
    assert answer.status_code == 303
    (appeal,) = list_appeals(desk.lake, desk.naive_now())
    assert appeal.measure_id == measure and appeal.ground == "A celebrity came."
    (said,) = statements_of(desk.lake, appeal.appeal_id)
    assert said.side == "operator"
    assert read_attachment(desk.lake, appeal.appeal_id, said.files[0].sha256).body == PDF
    page = reviewer.get(f"/appeals/{appeal.appeal_id}").text
    assert "The overturned decision becomes a label" in page and "A celebrity came." in page
    reviewer.submit(
        f"/appeals/{appeal.appeal_id}/decide", verdict="error", reason="The raid is real."
    )
    page = reviewer.get(f"/appeals/{appeal.appeal_id}").text
    assert "the decision is overturned and becomes a label" in page
    assert "The verdict became a label" in page and f"Measure {measure} was lifted" in page
    (kept,) = (m for m in list_measures(desk.lake, desk.naive_now()) if m["measure_id"] == measure)
    assert kept["status"] == "lifted"
    sessions = json.loads(
        read_outbound(desk.lake, "measures").set_index("operator_id").at[accused, "evidence"]
    )["sessions"]
    with Snapshot.open(desk.lake, desk.naive_now().replace(month=3)) as tables:
        o = tables["outcomes"]
        labels = o.filter(o.source == "appeal").to_pandas()
    assert set(sessions) <= set(labels["entity_id"]) and set(labels["verdict"]) == {"cleared"}
    seen = visitor.get(place, headers={"accept-language": "en"}).text
    assert "You won" in seen and "The raid is real." in seen and "lifted" in seen


def test_automatic_decision_is_sent_to_a_person(desk, visitor, token, accused):
    """No ground is needed to ask that a person decides."""
    place = f"/notice/{token}"
    visitor.submit(f"{place}/appeal", page=place, kind="human", text="")
    (appeal,) = list_appeals(desk.lake, desk.naive_now())
    assert (appeal.operator_id, appeal.kind) == (accused, "human_decision")
    again = visitor.submit(f"{place}/appeal", page=place, kind="appeal", text="twice")
    assert again.status_code == 303 and len(list_appeals(desk.lake, desk.naive_now())) == 1
    visitor.submit(f"{place}/statements", page=place, text="More proof follows.")
    assert statements_of(desk.lake, appeal.appeal_id)[0].text == "More proof follows."


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("a.exe", b"MZ", "is what its name says"),
        ("a.pdf", b"<script>", "is what its name says"),
        ("a.txt", b"\xff\xfe", "is what its name says"),
        ("a.pdf", b"%PDF-" + b"0" * (5 << 20), "at most 5 MB"),
    ],
)
def test_file_that_is_not_accepted_opens_no_appeal(desk, visitor, token, name, body, words):
    """What was typed stays on the page."""
    place = f"/notice/{token}"
    visitor.http.headers["accept-language"] = "en"
    page = visitor.submit(
        f"{place}/appeal", page=place, text="my words", files={"files": (name, body)}
    )
    assert page.status_code == 422 and words in page.text and "my words" in page.text
    assert list_appeals(desk.lake, desk.naive_now()) == []


def test_link_ends(desk, client, visitor, accused, clock):
    """A wrong, an expired and a revoked link all show the same page."""
    reviewer = client("reviewer", name="rui")
    first, second = make_link(reviewer, accused), make_link(reviewer, accused, days="2")
    listed = reviewer.get("/appeals").text
    assert first not in listed and second not in listed
    link = re.findall(r"/appeals/links/([0-9a-f]+)/revoke", listed)
    reviewer.submit(f"/appeals/links/{link[-1]}/revoke")
    codes = [visitor.get(f"/notice/{t}").status_code for t in (first, second, "x" * 43)]
    assert sorted(codes) == [200, 404, 404]
    clock.advance(days=31)
    assert {visitor.get(f"/notice/{t}").status_code for t in (first, second)} == {404}


def test_each_read_is_in_the_audit_log(desk, visitor, token, accused):
    """The log names the operator and the link, and no token."""
    for _ in range(2):
        visitor.get(f"/notice/{token}")
    with desk.database.snapshot() as session:
        lines = read_audit(session, AuditFilter(kind="notice")).lines
    assert len(lines) == 2 and all(accused in x.subject and token not in x.subject for x in lines)


def test_reads_and_posts_are_limited(visitor, token):
    """A browser that asks too often is told to wait, and no appeal is lost in words."""
    codes = [visitor.get(f"/notice/{token}").status_code for _ in range(35)]
    assert codes.count(429) == 5
    assert "retry-after" in visitor.get(f"/notice/{token}").headers


def test_only_reviewers_and_leads_make_links(client, accused):
    """A viewer has no button, and no form of its own works."""
    viewer = client("viewer", name="vi")
    answer = viewer.submit("/appeals/links", operator_id=accused)
    assert answer.status_code == 403


def test_who_took_the_measure_does_not_decide(desk, people, client, visitor, accused):
    """The desk says why, and the appeal stays open."""
    people.add("pat", "patrol", "reviewer")
    request = MeasureRequest(accused, "warn", people.signer("pat"), "bought views", 30)
    measure = take_measure(desk.lake, request, desk.naive_now(), desk.policy)["measure_id"]
    place = f"/notice/{make_link(client('reviewer', name='rui'), accused, measure_id=measure)}"
    visitor.submit(f"{place}/appeal", page=place, text="wrong")
    (appeal,) = list_appeals(desk.lake, desk.naive_now())
    pat = client("patrol", "reviewer", name="pat")
    assert "Another person has to decide it" in pat.get(f"/appeals/{appeal.appeal_id}").text
    pat.submit(f"/appeals/{appeal.appeal_id}/decide", verdict="upheld", reason="mine")
    assert list_appeals(desk.lake, desk.naive_now())[0].verdict is None
    assert read_measures(desk.lake).measures[measure].endings == ()
