"""Evidence in a real browser: dossier, timeline, ring, lists, and files that are taken away."""

from __future__ import annotations

import csv
import io
import re

import networkx as nx
import pytest

from tests.serving.desk.looks import press

SECTIONS = (
    *("reasons", "peers", "figures", "history", "favour", "change", "sessions", "measures"),
    *("appeals", "complaints", "network", "unknown"),
)


@pytest.fixture
def reader(person_page):
    """An auditor: it decides no case, so nothing is hidden from it, and it may export."""
    return person_page("au", "auditor")


def taken(page, link) -> bytes:
    """The file that a link gives."""
    with page.expect_download() as download:
        link.click()
    return download.value.path().read_bytes()


def test_a_dossier_has_everything_on_one_page(reader, riskiest):
    """Score, peers, reasons, counted and real, history, favour, unknown, measures and links."""
    reader.goto(f"/operators/{riskiest}")
    for section in SECTIONS:
        assert reader.locator(f"#{section} h2").count() == 1, section
        assert len(reader.inner_text(f"#{section}")) > 20, section
    assert re.search(r"0\.\d\d \((0\.\d\d – |interval)", reader.inner_text("dl.fields >> nth=0"))
    for picture in ("histogram", "figures", "history"):
        assert reader.locator(f"svg.{picture} title").count() == 1, picture
    assert reader.locator("#unknown code, #unknown p").count() > 0


def test_a_timeline_has_one_axis_of_clock_time(reader, falsest, night):
    """All series, the expected band, windows by detector, causes, and the views named false."""
    reader.goto(f"/sessions/{falsest}")
    picture = reader.locator("svg.timeline")
    assert picture.locator("g.lane").count() >= 8 and picture.locator("polygon.band").count() == 1
    ticks = picture.locator("text.middle").all_text_contents()
    assert ticks and all(re.fullmatch(r"\d\d:\d\d", tick) for tick in ticks)
    rows = reader.locator("#timeline > div.scroll >> nth=1").locator("tbody tr")
    assert any("single views" in text for text in rows.all_inner_texts())
    assert reader.locator("#false-views tbody tr").count() > 0
    boosted = night.first("SELECT b.session_id FROM boosts b JOIN sessions USING (session_id)")
    reader.goto(f"/sessions/{boosted['session_id']}")
    assert reader.locator("svg.timeline rect.cause").count() > 0
    assert "boost" in reader.inner_text("#timeline")


def test_a_ring_has_its_links_and_its_graph(reader, largest_ring):
    """Each link says why in picture and table, and GraphML has the same accounts."""
    reader.goto(f"/rings/{largest_ring}")
    assert reader.locator("svg.ring line.link title").first.text_content().count("–") == 1
    assert reader.locator("#links tbody tr").count() > 0
    assert reader.locator("#links tbody td:nth-child(3)").first.inner_text()
    graph = nx.read_graphml(io.BytesIO(taken(reader, reader.locator("a[download]"))))
    assert reader.locator("#members tbody .id").first.inner_text() in graph.nodes


def test_lists_are_filtered_and_taken_away(reader, riskiest, falsest):
    """Views and orders by probability and words, and the whole list as CSV and Parquet."""
    for path in (f"/sessions/{falsest}/false-views", f"/operators/{riskiest}/orders"):
        reader.goto(path)
        every = int(re.search(r"of ([\d,]+)", reader.inner_text(".pages"))[1].replace(",", ""))
        rows = list(csv.reader(io.StringIO(taken(reader, link_of(reader, "csv")).decode())))
        assert len(rows) == every + 1
        assert taken(reader, link_of(reader, "parquet")).startswith(b"PAR1")
        reader.fill("#min", "0.9")
        press(reader.get_by_role("button", name="Filter"))
        probabilities = [
            float(text.strip("<> "))
            for text in reader.locator("tbody td.number:nth-last-child(2)").all_inner_texts()
        ]
        assert all(p >= 0.9 for p in probabilities)


def link_of(page, form: str):
    return page.locator(f'main a[href*="format={form}"]')


def test_each_read_is_in_the_audit_log(person_page, riskiest, falsest, largest_ring):
    """Dossiers, lists, searches and nights that a viewer read stand there, in words."""
    vera = person_page("vera", "viewer")
    read = {
        f"/operators/{riskiest}": riskiest,
        f"/sessions/{falsest}": falsest,
        f"/rings/{largest_ring}": largest_ring,
        "/operators": "operators",
        "/rings": "rings",
        "/search?q=celebrity": "celebrity",
        "/appeals": "waiting",
        "/complaints": "all",
        "/nights": "2026-01-20",
    }
    for path in read:
        vera.goto(path)
    auditor = person_page("au", "auditor")
    auditor.goto("/audit-log?account=vera")
    lines = auditor.locator("tbody tr").all_inner_texts()
    for path, subject in read.items():
        assert any(line.endswith(subject) for line in lines), path
    kinds = auditor.locator("tbody td:nth-child(3)").all_inner_texts()
    assert not [k for k in kinds if "_" in k]
    vera.goto("/audit-log")
    assert (
        "Your role does not include" in vera.inner_text("main")
        and vera.locator("table").count() == 0
    )


def test_the_page_of_nights_says_how_the_run_went(reader):
    """Whether it ran, freshness, what was missing, drift, parity, and the suspicions."""
    reader.goto("/nights")
    words = reader.inner_text("main")
    for section in ("run", "basis", "missing", "fresh", "drift", "parity"):
        assert reader.locator(f"#{section}").count() == 1, section
    assert "complete" in words and "Tables that were not delivered" in words
    assert reader.locator("section[aria-labelledby=fresh] tbody tr").count() > 5
