"""View models of operators, sessions and rings: nothing in them differs from what was published."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import duckdb
import networkx as nx
import pytest

from data_contracts.runs import read_outbound
from features.catalogue import BY_NAME
from features.declaration import OPERATOR
from features.engine.snapshot import Snapshot
from serving.dossiers.night_tables import MAX_OPERATORS_PER_SHARED_PAYER, PAYERS_SQL
from serving.dossiers.operator_dossier import operator_dossier
from serving.dossiers.ring_dossier import graphml, ring_dossier, ring_graph
from serving.dossiers.session_dossier import session_dossier
from serving.dossiers.signal_evidence import signal_evidence
from serving.oversight.complaints.cases import complaint_cases, status_of
from serving.policy.load import load_policy

NOW = datetime(2026, 1, 21, 4)


@pytest.fixture(scope="module")
def snapshot(night, published) -> Snapshot:
    """The lake as the night knew it, as the report reads it."""
    return Snapshot.open(published, night.as_of)


def dossier_of(night, operator_id):
    return operator_dossier(night, operator_id, NOW, load_policy())


def test_dossier_has_what_was_published(night, published, riskiest):
    """Tier, risk, figures, reasons, credit and measures are the rows of the published tables."""
    dossier = dossier_of(night, riskiest)
    row = read_outbound(published, "tier_decisions").set_index("operator_id").loc[riskiest]
    assert dossier.decision["tier"] == row["tier"] and dossier.decision["risk"] == row["risk"]
    assert dossier.decision["why"] == json.loads(row["why"])
    figures = read_outbound(published, "corrected_figures")
    mine = figures[(figures["entity_kind"] == OPERATOR) & (figures["entity_id"] == riskiest)]
    found = {
        f["measure"]: (f["counted"], f["estimate"], f["low"], f["high"]) for f in dossier.figures
    }
    columns = ["counted", "estimate", "low", "high"]
    assert found == {r["measure"]: tuple(r[columns]) for _, r in mine.iterrows()}
    scores = read_outbound(published, "scores").query("entity_id == @riskiest")
    said = {r["signal"] for text in scores["reasons"].dropna() for r in json.loads(text)}
    assert {r["signal"] for r in dossier.signals.against} == said and said
    measures = read_outbound(published, "measures").query("operator_id == @riskiest")
    assert [m["measure_id"] for m in dossier.record.published] == measures["measure_id"].tolist()
    assert [n["tier"] for n in dossier.history][-1] == row["tier"] and len(dossier.history) == 2


def test_interval_holds_the_risk(night, published):
    """Operators above tier A have an interval in 0 to 1, where there are calibration rows."""
    decisions = read_outbound(published, "tier_decisions")
    why = decisions["why"].map(json.loads)
    intervals = [w["risk_interval"] for w in why]
    known = decisions[[i is not None for i in intervals]]
    assert len(known) and (known["tier"] > "A").all()
    for risk, (low, high) in zip(known["risk"], [i for i in intervals if i], strict=True):
        assert 0.0 <= low <= risk <= high <= 1.0
    one = known["operator_id"].iloc[0]
    assert dossier_of(night, one).interval == tuple(
        json.loads(known["why"].iloc[0])["risk_interval"]
    )


def test_unknown_operator_has_no_dossier(night):
    """Nothing is found about an operator that the night decided nothing about."""
    assert dossier_of(night, "nobody' OR 1=1 --") is None


def test_signals_in_favour_speak_for_it(night, riskiest):
    """Each signal in favour is one that its declaration says so of, with its peers' median."""
    evidence = signal_evidence(night, OPERATOR, riskiest)
    values = {
        r["signal"]: r["value"]
        for r in night.rows(
            "SELECT signal, value FROM signals WHERE entity_kind = 'operator' AND entity_id = ?",
            riskiest,
        )
    }
    assert evidence.in_favour
    for one in evidence.in_favour:
        assert BY_NAME[one["signal"]].speaks_for(values[one["signal"]], one["peers"])
        assert 0.0 <= one["exceeded_by"] <= 1.0 and one["zh"] and one["en"]
    against = {r["signal"] for r in evidence.against}
    assert not against & {r["signal"] for r in evidence.in_favour}
    unknown = {s["signal"] for s in evidence.unknown}
    assert evidence.known == len(values) and not unknown & set(values)


def test_granted_causes_are_those_of_the_lake(night, published, snapshot):
    """Boosts and raids of each operator are as many as the lake has for its sessions."""
    operators = sorted(read_outbound(published, "tier_decisions")["operator_id"])[:40]
    owners = snapshot["sessions"].to_pandas().set_index("session_id")["operator_id"]
    boosts = snapshot["boosts"].to_pandas()["session_id"].map(owners).value_counts()
    raids = snapshot["room_links"].to_pandas()["to_session_id"].map(owners).value_counts()
    with_causes = [o for o in operators if boosts.get(o, 0) + raids.get(o, 0)]
    assert with_causes
    for operator_id in operators[:3] + with_causes[:3]:
        found = dossier_of(night, operator_id).exculpation
        assert found.boosts.total == boosts.get(operator_id, 0)
        assert found.raids.total == raids.get(operator_id, 0)


def test_sessions_are_paged(night):
    """Every session of an operator is on one of the pages, and pages say of how many."""
    sql = "SELECT operator_id, count(*) AS n FROM sessions GROUP BY 1 ORDER BY 2 DESC, 1"
    most = night.first(sql)
    seen = []
    pages = dossier_of(night, most["operator_id"]).sessions.pages
    assert pages > 1
    for number in range(1, pages + 1):
        policy = load_policy()
        page = operator_dossier(night, most["operator_id"], NOW, policy, number).sessions
        assert page.total == most["n"] and page.first == len(seen) + 1
        seen += [s["session_id"] for s in page.rows]
    assert len(set(seen)) == most["n"]


def test_complaints_have_their_status(night, snapshot):
    """Every delivered complaint is in the dossier of its operator, with its status by policy."""
    policy = load_policy()
    cases = complaint_cases(snapshot, {}, policy.complaints)
    operator_id = cases["operator_id"].value_counts().index[0]
    mine = cases[cases["operator_id"] == operator_id]
    found = {
        c["complaint_id"]: c["status"] for c in dossier_of(night, operator_id).record.complaints
    }
    assert found == {i: status_of(case, NOW) for i, case in mine.iterrows()} and found


def test_timeline_of_a_session(night, published, falsest):
    """The minutes, windows and false views of a session are those of night and report."""
    dossier = session_dossier(night, falsest)
    named = read_outbound(published, "false_views").query("session_id == @falsest")
    assert dossier.false_views.total == len(named) == sum(dossier.false_by_minute.values())
    assert dossier.false_views.rows[0]["probability"] == named["probability"].max()
    minutes = dossier.minutes.minutes
    assert set(minutes["session_id"]) == {falsest} and minutes["minute"].is_monotonic_increasing
    assert dossier.minutes.source == "room_minutes" and dossier.minutes.band is not None
    assert dossier.steps["probability"] == dossier.score["probability"]
    by_views = [w for w in dossier.windows if w.detector == "view"]
    assert by_views and sum(w.views for w in by_views) <= len(named)
    start = dossier.session["started_at"]
    assert all(w.at - start == timedelta(minutes=w.start) for w in dossier.windows)
    assert len(dossier.windows) == len(by_views) + len(dossier.minutes.windows)


def test_boosts_of_a_session_are_causes(night):
    """A boosted session has its boost on the clock, and no burst within it is suspicious."""
    row = night.first(
        "SELECT b.session_id FROM boosts b JOIN sessions USING (session_id) ORDER BY 1"
    )
    dossier = session_dossier(night, row["session_id"])
    boost = next(c for c in dossier.causes if c.kind == "boost")
    assert boost.stop > boost.start
    for window in dossier.minutes.windows:
        assert not (boost.start <= window["start"] and window["stop"] <= boost.stop)


def test_ring_has_links_with_their_why(night, largest_ring):
    """Every link names its kinds, and GraphML opens with the same links and members."""
    dossier = ring_dossier(night, largest_ring)
    assert dossier.has_links and dossier.links.total
    assert all(r["kinds"] and min(r["times"]) >= 1 for r in dossier.links.rows)
    text = graphml(ring_graph(night, largest_ring))
    graph = nx.read_graphml(io.BytesIO(text.encode()))
    assert graph.number_of_nodes() == dossier.members.total == dossier.ring["members"]
    assert graph.number_of_edges() == dossier.links.total == dossier.ring["edges"]
    left, right = dossier.links.rows[0]["left_account"], dossier.links.rows[0]["right_account"]
    assert set(graph.edges[left, right]) == set(dossier.links.rows[0]["kinds"])


def test_shared_payers_are_counted():
    """A payer of three buyers links its operators; a household and a public payer do not."""
    rows = [("o1", "b1", "p"), ("o1", "b2", "p"), ("o2", "b3", "p"), ("o3", "b4", None)]
    rows += [("o1", "b5", "home"), ("o3", "b6", "home")]
    rows += [(f"x{i}", f"y{i}", "public") for i in range(MAX_OPERATORS_PER_SHARED_PAYER + 1)]
    with duckdb.connect() as engine:
        engine.execute("ATTACH ':memory:' AS night")
        engine.execute("CREATE TABLE night.orders (operator_id TEXT, buyer_id TEXT, payer_id TEXT)")
        engine.executemany("INSERT INTO night.orders VALUES (?, ?, ?)", rows)
        engine.execute(PAYERS_SQL)
        found = engine.execute("SELECT * FROM night.operator_payers ORDER BY ALL").fetchall()
    assert found == [("o1", "o2", 1), ("o2", "o1", 1)]


def test_threads_read_the_same(night, riskiest):
    """Pages that are answered at once read the same dossier."""
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: dossier_of(night, riskiest), range(12)))
    assert all(d == found[0] for d in found)
