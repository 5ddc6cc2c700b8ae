"""The report of a night: pages that open from disk, each operator reached, each cut said."""

from __future__ import annotations

import base64
import io
import re
import shutil
from datetime import date
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from data_contracts.lake import Lake
from data_contracts.runs import published_run, read_outbound, run_folder
from features.engine.snapshot import Snapshot
from features.posteriors.owner_pooling import shift_probabilities
from serving.nightly.run_identity import published_context
from serving.policy.load import load_policy
from serving.report import night_report
from serving.report.page_files import FIRST_PAGE
from tests.whole.report_pages import (
    first_page,
    linked_pages,
    section_of,
    visible_text,
    write_other_blind_figures,
)

CHROMIUM = Path("/usr/bin/chromium")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def pages(published) -> dict[Path, str]:
    """All pages that can be reached from the first one."""
    return linked_pages(first_page(published, "zh"))


@pytest.fixture(scope="module")
def english(published) -> str:
    return first_page(published).read_text("utf-8")


def in_language(pages, language: str) -> dict[Path, str]:
    mark = f'<html lang="{"zh-CN" if language == "zh" else "en"}"'
    return {path: text for path, text in pages.items() if mark in text}


def test_pages_need_nothing_from_outside(pages, published):
    """Nothing but pages of this report is linked; no script, form, event or inline attribute."""
    written = {*(run_folder(published) / "report").rglob("*"), run_folder(published) / FIRST_PAGE}
    assert set(pages) == {p.resolve() for p in written if p.is_file()}
    for path, text in pages.items():
        loaded = re.findall(r'(?:\bsrc|\bhref|url)\s*[=(]\s*["\']?([^"\')\s>]+)', text)
        assert not [u for u in loaded if re.match(r"(?!data:)[a-z]+:|/", u)], path
        assert not re.search(r"<script|<form|<button|<input| on\w+=| style=", text), path
        assert "default-src 'none'" in text


def test_first_page_says_what_the_night_was(english, published):
    """The queue comes first; status, freshness, bound, ledger and rules follow."""
    run = read_outbound(published, "runs").iloc[0]
    said = visible_text(english)
    assert run["run_id"] in said and "Rows known" in said and "session_totals" in said
    assert "Head of the ledger of decisions before this night" in said
    assert "is at least 50%" in said and "at most 5% are expected to be honest" in said
    places = [english.index(f'id="{part}"') for part in ("queue", "tiers", "run", "rings")]
    assert places == sorted(places)
    assert "{&#39;" not in english and "{'" not in visible_text(english)  # no Python dict


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reviewed_operator_is_reached(published, language):
    """Links lead from the first page to the dossier of each operator in B, C and D."""
    decisions = read_outbound(published, "tier_decisions")
    reviewed = set(decisions.loc[decisions["tier"] > "A", "operator_id"])
    mine = in_language(linked_pages(first_page(published, language)), language)
    headings = [re.search(r'<h1>.*?class="id">([^<]+)<', text) for text in mine.values()]
    assert reviewed and reviewed <= {found.group(1) for found in headings if found}


def test_both_languages_are_clean(pages):
    """English pages have no Chinese but the name of the language; each has its Chinese twin."""
    zh, en = in_language(pages, "zh"), in_language(pages, "en")
    assert len(zh) == len(en) == len(pages) / 2
    for path, text in en.items():
        assert not CHINESE.search(visible_text(text).replace("中文", "")), path
    for path, text in zh.items():
        words = set(re.findall(r"<(?:h[123]|th|dt|summary)\b[^>]*>([A-Za-z ]{4,})<", text))
        assert not words, path


def test_a_dossier_speaks_for_and_against(pages, published):
    """The first dossier has risk with interval, components, reasons, favour and what is unknown."""
    decided = read_outbound(published, "tier_decisions")
    order = decided.sort_values(["tier", "expected_harm"], ascending=False)
    operator, risk = order.iloc[0]["operator_id"], order.iloc[0]["risk"]
    title = re.compile(rf'<h1>[^\n]*class="id">{operator}<')
    one = next(t for t in in_language(pages, "en").values() if title.search(t))
    said = " ".join(visible_text(one).split())
    assert re.search(rf"Risk {risk:.2f} \((\d\.\d\d – \d\.\d\d|interval unknown)", said)
    for words in ("What speaks for it", "Components of its influence", "signals are known"):
        assert words in said
    assert "What would change the tier" in said and "steelyard desk LAKE" in said
    assert one.count("<svg") >= 3


def test_a_session_says_how_its_probability_came_about(pages, published):
    """A session page has the steps of its probability."""
    scores = read_outbound(published, "scores")
    by_rank = scores[scores["model"] == "session_inflation"].sort_values("rank")
    headings = {
        found.group(1): text
        for text in in_language(pages, "en").values()
        if (found := re.search(r'<h1>[^\n]*class="id">([^<]+)<', text))
    }
    first = by_rank[by_rank["entity_id"].isin(headings)].iloc[0]  # none that is judged blind
    one = headings[first["entity_id"]]
    found = re.search(
        r"by its signals\s+(.*?)→ with its single views\s+(.*?)→ with the operator's other "
        r"sessions\s+([<>\d. ]+)",
        " ".join(visible_text(one).split()),
    )
    said = [float(x.strip(" <>")) for x in found.groups()]
    signals = shift_probabilities(
        np.array([first["own_probability"]]), -first["view_evidence_log_odds"]
    )[0]
    assert said == pytest.approx(
        [signals, first["own_probability"], first["probability"]], abs=0.011
    )


def test_the_graph_that_is_taken_away_is_the_ring(pages, published):
    """The exported graph is the ring."""
    pattern = r'download="([^"]+).graphml" href="data:application/graphml\+xml;base64,([^"]+)"'
    found = next(m for text in pages.values() if (m := re.search(pattern, text)))
    graph = nx.read_graphml(io.BytesIO(base64.b64decode(found.group(2))))
    members = read_outbound(published, "ring_members")
    assert set(graph.nodes) == set(members.loc[members["ring_id"] == found.group(1), "account_id"])


def test_the_pages_say_what_is_cut(english, published):
    """Lists that do not show everything say of how many, and where the rest can be read."""
    decisions = read_outbound(published, "tier_decisions")
    listed = max(int((decisions["tier"] > "A").sum()), night_report.ROWS_PER_QUEUE_PAGE)
    assert f"1 to {min(listed, 50)} of {len(decisions)}" in english
    run = read_outbound(published, "runs").iloc[0]
    section = section_of(english, "sessions")
    listed = section.count("<tr>") - 1  # a row is the head
    assert 0 < listed <= night_report.MAX_SESSIONS
    assert f"{listed} of {run['sessions']} · Read the rest with" in section


def test_no_page_shows_what_people_judge_blind(pages, english, published):
    """Sessions of the night's audit are in no ranked list; lists of operators name them bare."""
    drawn = read_outbound(published, "audit_sample")
    sessions = set(drawn.loc[drawn["entity_kind"] == "session", "entity_id"])
    assert sessions and "may be drawn for it" in english
    section = section_of(english, "sessions")
    assert not sessions & set(re.findall(r'class="id"[^>]*>([^<]+)<', section))
    rows = [
        row
        for text in in_language(pages, "en").values()
        for row in re.findall(r"<tr>.*?</tr>", text)
        if sessions & set(re.findall(r'class="id"[^>]*>([^<]+)<', row))
    ]
    assert rows and all("hidden until the disposition" in row for row in rows)


@pytest.fixture(scope="module")
def short_report(published, models, tmp_path_factory) -> Path:
    """The report of the same night with few rows on a page and few dossiers, twice written.

    The second time what people judge blind has other figures, and no byte differs.
    """
    lake, run = Lake.open(published), published_run(published)
    night = date.fromisoformat(run.manifest["identity"]["date"])
    context = published_context(lake, night, models, load_policy(), run.manifest)
    folders = [tmp_path_factory.mktemp("report") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch, Snapshot.open(lake, context.as_of) as tables:
        patch.setattr(night_report, "ROWS_PER_QUEUE_PAGE", 5)
        patch.setattr(night_report, "MAX_DOSSIERS", 4)
        for folder in folders:
            for file in run.folder.glob("*.parquet"):
                shutil.copy2(file, folder)
        write_other_blind_figures(folders[1])
        for folder in folders:
            night_report.write_report(folder, context, tables)
    first, second = (_texts(folder) for folder in folders)
    assert first == second
    return folders[0]


def _texts(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text("utf-8") for p in folder.rglob("*.html")}


def test_a_long_queue_is_paged(short_report, published):
    """Each reviewed operator stands in a page of the queue; a missing dossier is said."""
    decisions = read_outbound(published, "tier_decisions")
    reviewed = set(decisions.loc[decisions["tier"] > "A", "operator_id"])
    reached = linked_pages(short_report / FIRST_PAGE)
    queue = [t for p, t in reached.items() if p.name.startswith("queue-")]
    texts = [*queue, reached[(short_report / FIRST_PAGE).resolve()]]
    assert len(queue) == 2 * (-(-len(reviewed) // 5) - 1)
    assert reviewed <= {o for text in texts for o in re.findall(r'class="id"[^>]*>([^<]+)<', text)}
    english = (short_report / "report/en/report.html").read_text("utf-8")
    assert f"The first 4 of {len(decisions)} have a dossier here." in english
    assert len([p for p in reached if p.name.startswith("operator-")]) == 8


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [1400, 400])
def test_a_browser_shows_pages_without_error_or_request(published, browser, width):
    """From disk, without scripts: no console message, no request, nothing wider than the screen."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=False
    )
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    for language in ("zh", "en"):
        page.goto(first_page(published, language).as_uri())
        page.locator("#queue a.id").first.click()
        assert page.locator("h1").count() == 1 and "operator-1" in page.url
        page.goto(first_page(published, language).as_uri())
        page.locator("#sessions a.id").first.click()
        assert page.locator("svg.timeline").count() == 1
    context.close()
    assert said == [] and all(url.startswith(("file:", "data:")) for url in asked)
    sized = browser.new_page(viewport={"width": width, "height": 900})
    for path in (first_page(published, "zh"), first_page(published, "en")):
        sized.goto(path.as_uri())
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert sized.evaluate(wide) <= 0
    sized.close()
