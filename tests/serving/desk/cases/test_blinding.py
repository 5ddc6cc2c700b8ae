"""An open blind case hides what the models say: no page depends on it for who may decide."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from serving.desk.casework.blinding import open_blind_cases
from serving.desk.nights import NIGHTS
from tests.serving.desk.cases.working import CLEARED, cases_of, decided, state_of
from tests.serving.desk.looks import look

POISON = (  # other figures of a session and its operator than the night published
    "UPDATE scores SET probability = 0.777, rank = 1 WHERE entity_id = $session",
    "UPDATE scores SET probability = 0.776 WHERE entity_id = $operator",
    "UPDATE tier_decisions SET tier = 'D', risk = 0.775, expected_harm = 9.75, measure = 'block',"
    " p_value = 0.0775 WHERE operator_id = $operator",
    "UPDATE history SET tier = 'D', risk = 0.775 WHERE operator_id = $operator",
    "UPDATE corrected_figures SET estimate = counted * 0.2, low = 0 WHERE entity_id = $session",
    "UPDATE corrected_figures SET estimate = counted * 0.3, low = 0 WHERE entity_id = $operator",
    "INSERT INTO false_views BY NAME SELECT 'v1' AS view_id, $session AS session_id,"
    " 0.9 AS probability, '[]' AS reasons",
    "INSERT INTO operator_cleared BY NAME SELECT $operator AS operator_id,"
    " 'session' AS entity_kind, $session AS entity_id, 'cleared' AS verdict,"
    " 'random_audit' AS source",
)


@pytest.fixture
def blind(desk):
    """A case on a session whose operator has no case of its own."""
    cases = [c for origin in ("random_audit", "golden") for c in cases_of(desk, "session", origin)]
    with desk.database.snapshot() as session:
        hidden = open_blind_cases(session)
    states = (state_of(desk, c) for c in cases)
    return next(s for s in states if s.operator_id in hidden.operators)


def paths_of(case) -> list[str]:
    """Pages that would show a figure of a session or of its operator."""
    session, operator = quote(case.subject_id, safe=""), quote(case.operator_id, safe="")
    lists = ["/operators?order=risk", "/operators?tier=D"]
    found = [f"/search?q={session}", f"/search?q={operator}", "/watchlists", "/"]
    pages = [f"/operators/{operator}", f"/operators/{operator}?night=2026-01-19"]
    return [f"/sessions/{session}", f"/sessions/{session}/false-views", *pages, *lists, *found]


def texts_of(client, paths: list[str]) -> dict[str, str]:
    """Pages without the keys of their forms."""
    pages = {p: client.get(p) for p in paths}
    assert {a.status_code for a in pages.values()} == {200}
    return {p: re.sub(r'value="[\w-]{20,}"', "", a.text) for p, a in pages.items()}


@pytest.fixture
def poisoned(desk, blind):
    """Puts other figures into the night that is in memory, and takes it out afterwards."""

    def poison() -> None:
        named = {"session": blind.subject_id, "operator": blind.operator_id}
        for night in (None, *[t.date for t in NIGHTS.loaded.values()]):
            tables = NIGHTS.open(desk.lake, night)
            for sql in POISON:
                used = {k: v for k, v in named.items() if f"${k}" in sql}
                tables.engine.cursor().execute(f"USE night; {sql}", used)
            tables.engine.cursor().execute("DROP TABLE IF EXISTS night.search_index")
            tables.derived.clear()

    yield poison
    NIGHTS.loaded.clear()


def test_no_page_depends_on_hidden_figures(desk, client, people, blind, poisoned):
    """Other figures change no byte for a patrol until its disposition; others always see them."""
    li, vera = client("patrol", name="li"), client("viewer", name="vera")
    watch = {"operator": blind.operator_id, "watchlist": "spring", "reason": "x", "act": "add"}
    li.submit("/watchlists", "/watchlists", **watch)
    li.get("/account")  # shows the message of the act
    paths = paths_of(blind)
    mine, others = texts_of(li, paths), texts_of(vera, paths)
    for path in paths[:3]:
        assert blind.case_id in mine[path] and "hidden until the disposition" in mine[path], path
    poisoned()
    assert [p for p, text in texts_of(li, paths).items() if text != mine[p]] == []
    changed = {p for p, text in texts_of(vera, paths).items() if text != others[p]}
    assert set(paths[:-2]) <= changed
    decided(desk, blind.case_id, people.signer("li"), CLEARED)
    after = texts_of(li, paths)
    assert "0.78" in after[paths[0]] and "hidden until" not in after[paths[0]]
    assert "0.78" in after[paths[2]]


def test_file_of_hidden_views_is_not_given(client, blind):
    """An export of the views that are named false would tell the finding too."""
    li = client("patrol", name="li")
    path = f"/sessions/{quote(blind.subject_id, safe='')}/false-views?format=csv"
    answer = li.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    assert blind.case_id in answer.text


@pytest.mark.slow
def test_hidden_dossiers_look_right(browser_page, blind):
    """Nothing is cut, and axe finds nothing grave, where figures are hidden."""
    page = browser_page("patrol", name="li")
    for number, path in enumerate(paths_of(blind)[:4]):
        look(page, path, f"hidden-{number}")
