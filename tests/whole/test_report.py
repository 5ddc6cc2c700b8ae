"""The report in a real browser. Skipped, saying so, where chromium is not installed."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest

from data_contracts.runs import read_outbound, run_folder
from features.posteriors.owner_pooling import shift_probabilities


@pytest.fixture(scope="module")
def page(published):
    return run_folder(published) / "report.html"


def test_the_page_needs_nothing_from_outside(page):
    text = page.read_text("utf-8")
    outside = [
        u
        for u in re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\')\s>]+)', text)
        if not u.startswith(("#", "data:"))
    ]
    assert outside == [] and "<script" not in text


def test_the_page_says_status_freshness_tiers_reasons_timeline_and_ring(page, published):
    text = page.read_text("utf-8")
    run = read_outbound(published, "runs").iloc[0]
    assert run["run_id"] in text and "rows known" in text and text.count("<svg") >= 3
    worst = (
        read_outbound(published, "tier_decisions").sort_values(["tier", "expected_harm"]).iloc[-1]
    )
    assert worst["operator_id"] in text and "巡查顺序" in text and "session_totals" in text


def test_report_has_dossiers_graph_and_both_languages(page, published):
    """The page has dossiers for and against, a graph to take away, and both languages."""
    text = page.read_text("utf-8")
    order = read_outbound(published, "tier_decisions").sort_values(
        ["tier", "expected_harm"], ascending=False
    )["operator_id"]
    assert (
        text.count("<details") >= 8
        and text.count("What speaks for it") == text.count("What speaks against it") == 8
    )
    assert (
        order.iloc[0] in text
        and "signals known" in text
        and "What would bring its risk below" in text
    )
    assert (
        'href="data:application/graphml+xml;base64,' in text
        and "Why linked" in text
        and "Links as a table" in text
    )
    assert 'id="only-zh"' in text and "有利证据" in text and "What the night did not know" in text
    assert (
        "Head of the ledger of decisions before this night" in text
        and "at most</span>" in text
        and "5 % " in text
        and "is at least</span>" in text
        and " 50 %" in text
    )
    assert "{&#39;" not in text and "{'" not in text  # no Python dict is printed


def test_the_page_says_how_the_probability_of_a_session_came_about(page, published):
    scores = read_outbound(published, "scores")
    first = scores[scores["model"] == "session_inflation"].sort_values("rank").iloc[0]
    one = (
        page.read_text("utf-8").split(f"<h3><code>{first['entity_id']}</code>")[1].split("<h3>")[0]
    )
    found = re.search(
        r"([\d.]+) .*by its signals.*?([\d.]+) .*with its single views"
        r".*?([\d.]+) .*with its operator",
        one,
    )
    said = [float(x) for x in found.groups()]
    signals = shift_probabilities(
        np.array([first["own_probability"]]), -first["view_evidence_log_odds"]
    )[0]
    assert said == pytest.approx(
        [signals, first["own_probability"], first["probability"]], abs=0.011
    )


def test_the_graph_that_is_taken_away_is_the_ring(page, published):
    import base64
    import io

    import networkx as nx

    found = re.search(
        r'download="([^"]+).graphml" href="data:application/graphml\+xml;base64,([^"]+)"',
        page.read_text("utf-8"),
    )
    graph = nx.read_graphml(io.BytesIO(base64.b64decode(found.group(2))))
    members = read_outbound(published, "ring_members")
    assert set(graph.nodes) == set(members.loc[members["ring_id"] == found.group(1), "account_id"])


def test_a_browser_shows_it_without_an_error_or_a_request(page, tmp_path):
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    shot = tmp_path / "report.png"
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
        "--window-size=1100,2400",
    ]
    done = subprocess.run(
        [
            chromium,
            *flags,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--screenshot={shot}",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert shot.exists() and shot.stat().st_size > 50_000, done.stderr
    assert "CONSOLE" not in done.stderr


def test_the_page_says_what_is_cut(page, published):
    """The queue comes first and says of how many; every operator above tier A is on the page."""
    text = page.read_text("utf-8")
    decisions = read_outbound(published, "tier_decisions")
    assert text.index('id="queue"') < text.index('id="tiers"') < text.index('id="status"')
    assert f"15 of {len(decisions)}" in text and f"共 {len(decisions)} 项，显示 15 项" in text
    above = decisions.loc[decisions["tier"] > "A", "operator_id"]
    assert len(above) and all(operator in text for operator in above)
    links = set(re.findall(r'href="#(operator-\d+)"', text))
    assert links and all(f'id="{target}"' in text for target in links)


def test_the_page_opens_in_one_language(page):
    """One language is shown until the reader asks for both."""
    text = page.read_text("utf-8")
    assert 'id="only-zh" checked' in text and "unknown 未知" not in text and "none 无" not in text
