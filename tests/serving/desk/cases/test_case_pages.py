"""Pages of cases: acts by forms, refusals in words, and what no role may do."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from serving.desk.cases.queue import STATES
from serving.desk.store.tables.cases import CaseRow
from serving.oversight.measures.state import IN_FORCE
from serving.oversight.measures.state_reading import read_measures
from serving.pages.text_catalogue import LANGUAGES, texts
from tests.serving.desk.cases.working import cases_of, golden_cases, state_of

HOSTILE = "<script>alert(1)</script>\"'&@li"


@pytest.fixture
def case(desk):
    return cases_of(desk)[0]


def act(client, case, name, **form):
    return client.submit(f"/cases/{case}/act", f"/cases/{case}", act=name, **form)


def test_a_day_of_two_people(desk, client, case, clock):
    """Claimed, decided, a measure proposed, approved by another account, and taken back."""
    li, chen = client("patrol", name="li"), client("lead", name="chen")
    assert act(li, case, "claim").status_code == 303
    refused = act(chen, case, "claim")
    assert refused.status_code == 409 and "li claimed case" in refused.text
    answer = li.submit(
        f"/cases/{case}/decide",
        f"/cases/{case}",
        verdict="found",
        typology="view_fraud",
        basis="bots in two rooms",
        evidence_read="views",
    )
    assert answer.status_code == 303
    wanted = {"code": "block", "days": "7", "reason": "bots in two rooms"}
    preview = li.get(f"/cases/{case}/measure", params=wanted)
    assert preview.status_code == 200 and "阻断直播" in preview.text and "Facts" in preview.text
    wanted |= {"beyond_range": "ordered by the regulator"}
    taken = li.submit(f"/cases/{case}/measure", f"/cases/{case}", **wanted)
    assert taken.status_code == 303, taken.text
    (measure,) = read_measures(desk.lake).pending
    own = li.submit(f"/approvals/{measure}", "/approvals", act="approve")
    assert own.status_code == 403
    assert chen.submit(f"/approvals/{measure}", "/approvals", act="approve").status_code == 303
    clock.advance(minutes=1)
    state = read_measures(desk.lake).measures[measure]
    assert state.status(desk.naive_now()) == IN_FORCE
    page = li.get(f"/cases/{case}").text
    assert "in force" in page and "approved by chen" in page
    acts = re.findall(r'name="act_id" value="(\w+)"', page)
    undone = li.submit(f"/cases/{case}/undo", f"/cases/{case}", act_id=acts[0], reason="fans")
    assert undone.status_code == 303 and len(read_measures(desk.lake).pending) == 1
    (undoing,) = read_measures(desk.lake).pending
    chen.submit(f"/approvals/{undoing}", "/approvals", act="approve")
    assert "undone" in chen.get(f"/cases/{case}").text or not state_of(desk, case).measure_ids


def test_every_page_answers_in_both_languages(client, case):
    """Each page of cases has its words in Chinese and English, for every state of the queue."""
    li = client(name="li")
    paths = [f"/?state={s}" for s in STATES]
    paths += ["/?text=%25&sort=risk", f"/cases/{case}", "/approvals", "/watchlists"]
    for path in [*paths, "/mentions", "/assignment", "/quality"]:
        answer = li.get(path)
        assert answer.status_code == 200, path
    assert all(set(t) == set(LANGUAGES) for t in texts().values())


def test_hostile_words_stay_words(client, case):
    """A note, a label and a name with markup are shown as text."""
    li = client("patrol", name="li")
    act(li, case, "note", text=HOSTILE)
    act(li, case, "label", label="<b>x</b>")
    page = li.get(f"/cases/{case}").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page and "<b>x" not in page
    assert li.get("/mentions").text.count("&lt;script&gt;") == 1


def test_what_was_written_is_not_lost_when_refused(client, case):
    """A refused note comes back whole with the reason; a stale form names who changed the case."""
    li, zhao = client("patrol", name="li"), client("patrol", name="zhao")
    refused = act(li, case, "snooze", reason="long words of mine", until="2020-01-01")
    assert refused.status_code == 409 and "long words of mine" in refused.text
    version = re.search(r'name="version" value="(\d+)"', li.get(f"/cases/{case}").text)[1]
    act(zhao, case, "label", label="seen")
    stale = act(li, case, "claim", version=version)
    assert stale.status_code == 409 and "zhao changed case" in stale.text


def test_a_bulk_act_and_its_undo_from_the_queue(desk, client):
    """Chosen cases are claimed together and taken back together, in one line each."""
    li, ids = client("patrol", name="li"), cases_of(desk)[:3]
    chosen = [f"{i}:{state_of(desk, i).version}" for i in ids]
    assert li.submit("/queue/act", "/", case=chosen, act="claim").status_code == 303
    assert {state_of(desk, i).holder for i in ids} == {"li"}
    assert li.submit("/queue/act", "/", case=chosen, act="undo", reason="x").status_code == 303
    assert {state_of(desk, i).holder for i in ids} == {None}
    assert li.submit("/queue/act", "/", case=chosen, act="assign", to="li").status_code == 409
    assert li.submit("/queue/act", "/", act="claim").status_code == 409


def test_a_viewer_reads_and_changes_nothing(client, case):
    """Roles without the permission get a page that says so."""
    viewer = client("viewer", name="vera")
    assert act(viewer, case, "claim").status_code == 403
    assert viewer.get("/quality").status_code == 403
    assert viewer.get("/assignment").status_code == 200
    assert viewer.submit("/assignment", act="capacity", person="vera").status_code == 403
    assert viewer.get("/cases/c%2F..%2Fx").status_code == 404


def test_golden_cases_look_like_others(desk, client):
    """Before its decision neither queue nor page tells that a verdict is known."""
    case = golden_cases(desk)[0]
    li = client("patrol", name="li")
    page = li.get(f"/cases/{case}").text
    other = next(c for c in cases_of(desk, "session", "random_audit"))
    strip = re.compile(r"[cs]\d?[0-9a-f]{6,}|o\d+|\"[\w-]{20,}\"|due|\d+")
    assert strip.sub("", page) == strip.sub("", li.get(f"/cases/{other}").text)
    assert "golden" not in page and "golden" not in li.get("/?state=every").text


def test_an_attachment_is_served_as_a_download_only(desk, client, case):
    """The file has no type that a browser opens, and another case does not give it out."""
    li = client("patrol", name="li")
    files = {"file": ("报告.html", b"<script>alert(1)</script>", "text/html")}
    assert act(li, case, "attach", files=files).status_code == 303
    digest = state_of(desk, case).attachments[0].sha256
    answer = li.get(f"/cases/{case}/files/{digest}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    other = cases_of(desk)[1]
    assert li.get(f"/cases/{other}/files/{digest}").status_code == 404
    with desk.database.snapshot() as session:
        assert session.scalar(select(CaseRow.case_id).where(CaseRow.case_id == other))


def test_lists_of_the_desk(desk, client, case):
    """Watchlists, saved filters, rules and capacities are kept and shown."""
    li, chen = client("patrol", name="li"), client("lead", name="chen")
    operator = state_of(desk, case).operator_id
    form = {"operator": operator, "watchlist": "春季", "reason": "moved", "act": "add"}
    assert li.submit("/watchlists", "/watchlists", **form).status_code == 303
    assert "春季" in li.get("/watchlists").text
    assert operator in li.get("/?watchlist=春季&state=every").text
    li.submit("/queue/filters", "/", act="save", name="my rooms", query="kind=session")
    assert "my rooms" in li.get("/").text and "my rooms" not in chen.get("/").text
    rule = {"act": "rule", "column": "tier", "value": "B", "persons": ["li", "chen"]}
    assert chen.submit("/assignment", "/assignment", **rule).status_code == 303
    assert "li, chen" in chen.get("/assignment").text
