"""The report of a night: pages of the desk as files that open from disk, without a server.

See ADR-0380.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from data_contracts.verification.published_run import unfinished_run
from features.engine.snapshot import Snapshot
from serving.dossiers.night_tables import MAX_HISTORY_NIGHTS, NightTables, load_night
from serving.dossiers.night_view import MAX_PARITY_ROWS, night_view
from serving.dossiers.row_pages import page_of
from serving.dossiers.session_minutes import prefetch_minutes
from serving.ledger.hash_chain import LedgerDamaged, read_records
from serving.pages.page_environment import page_environment
from serving.pages.text_catalogue import LANGUAGES
from serving.report import dossier_pages, night_sections
from serving.report.blind_sessions import BlindSessions, blind_sessions
from serving.report.page_files import PageFiles, Segments
from serving.scoring.night_context import NightContext
from serving.scoring.scope import nights_before
from serving.tiers.evidence import TIERS
from serving.tiers.false_discovery import AccusationBound, bound_words

LAYOUT = "report/layout.html.j2"
ROWS_PER_QUEUE_PAGE = 50
BLIND_COUNT_SQL = """SELECT count(*) FROM scores WHERE entity_kind = 'session' AND leads
                     AND list_contains(?::VARCHAR[], entity_id)"""
MIN_DOSSIERS, MAX_DOSSIERS = 8, 500  # at least some where nobody is reviewed
MAX_SESSIONS, MAX_WORST_SESSIONS, MAX_RING_PAGES = 10, 10, 20


@dataclass(frozen=True)
class ReportInput:
    """The input of the pages: the night's tables, the lake as it knew it, the queue, the files.

    `blind` is what no page may show a figure of.
    """

    context: NightContext
    snapshot: Snapshot
    folder: Path
    tables: NightTables
    queue: list[dict[str, Any]]
    files: PageFiles
    blind: BlindSessions


@dataclass(frozen=True)
class Page:
    """One page: its address at the desk, its template and what the template shows."""

    segments: Segments
    template: str
    values: dict[str, Any]


def write_report(folder: Path, context: NightContext, snapshot: Snapshot) -> Path:
    """Write the pages of a run from its published tables; returns the path of the first.

    Parameters
    ----------
    folder
        Folder of the run, which has all its tables.
    context
        Context of the night.
    snapshot
        The lake as the night knew it.
    """
    report = _open(folder, context, snapshot)
    environments = {language: _environment(language) for language in LANGUAGES}
    for page in _pages(report):
        for language, environment in environments.items():
            path = folder / report.files.path(language, page.segments)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_rendered(report, page, environment, language), "utf-8")
    report.tables.engine.close()
    return folder / report.files.path(LANGUAGES[0], ())


def _open(folder: Path, context: NightContext, snapshot: Snapshot) -> ReportInput:
    """Read the night's tables once, and say which pages there will be."""
    run = unfinished_run(folder)
    earlier = nights_before(context.lake, context.previous_run, MAX_HISTORY_NIGHTS - 1)
    tables = load_night(context.lake, context.date, run, [run, *earlier])
    blind = _blind(tables, context)
    queue = night_sections.patrol_queue(tables, blind)
    reviewed = sum(o["tier"] > TIERS[0] for o in queue)
    files = PageFiles()
    with_figures = [o for o in queue if o["operator_id"] not in blind.operators]
    dossiers = with_figures[: min(max(reviewed, MIN_DOSSIERS), MAX_DOSSIERS)]
    files.add("operators", "operator", [o["operator_id"] for o in dossiers])
    first_sessions = night_sections.ranked_sessions(tables, blind, MAX_SESSIONS)
    highest = [s["entity_id"] for s in first_sessions.rows]
    worst = night_sections.worst_sessions(tables, blind, dossiers[:MAX_WORST_SESSIONS])
    session_ids = list(dict.fromkeys([*highest, *worst]))
    files.add("sessions", "session", session_ids)
    prefetch_minutes(tables, snapshot, session_ids)
    rings = night_sections.ranked_rings(tables).rows[:MAX_RING_PAGES]
    files.add("rings", "ring", [r["ring_id"] for r in rings])
    listed = page_of(queue[: max(reviewed, ROWS_PER_QUEUE_PAGE)], 1, ROWS_PER_QUEUE_PAGE)
    files.add("queue", "queue", range(1, listed.pages + 1))
    del files.names[("queue", "1")]  # it is on the first page
    return ReportInput(context, snapshot, folder, tables, queue, files, blind)


def _blind(tables: NightTables, context: NightContext) -> BlindSessions:
    """Sessions that people judge blind; a damaged record of cases stops no night."""
    try:
        record = read_records(context.lake.cases)
    except LedgerDamaged:
        record = []
    has_golden_cases = context.policy.cases.golden_share > 0
    return blind_sessions(tables, record, has_golden_cases=has_golden_cases)


def _pages(report: ReportInput) -> Iterator[Page]:
    """All pages of the report, each made when it is asked for."""
    reviewed = sum(o["tier"] > TIERS[0] for o in report.queue)
    rows = report.queue[: max(reviewed, ROWS_PER_QUEUE_PAGE)]
    names = report.files.names
    common = {
        "operators": len(report.queue),
        "reviewed": reviewed,
        "dossiers": sum(area == "operators" for area, *_ in filter(None, names)),
    }
    first = page_of(rows, 1, ROWS_PER_QUEUE_PAGE)
    yield Page((), "report/first.html.j2", common | {"queue": first} | _first_page(report))
    for number in range(2, first.pages + 1):
        queue = {"queue": page_of(rows, number, ROWS_PER_QUEUE_PAGE)}
        yield Page(("queue", str(number)), "report/queue.html.j2", common | queue)
    make = {
        "operators": ("operator.html.j2", partial(_operator_values, report)),
        "sessions": ("session.html.j2", partial(dossier_pages.session_values, report.tables)),
        "rings": ("ring.html.j2", partial(dossier_pages.ring_values, report.tables)),
    }
    for segments in names:
        if segments and segments[0] in make:
            template, values = make[segments[0]]
            yield Page(segments, template, values(segments[1]))


def _operator_values(report: ReportInput, operator_id: str) -> dict[str, Any]:
    hidden = report.blind.sessions_of.get(operator_id, ())
    return dossier_pages.operator_values(
        report.tables, operator_id, report.context.policy, hidden_sessions=hidden
    )


def _first_page(report: ReportInput) -> dict[str, Any]:
    """Sections of the first page besides the queue."""
    tables, context = report.tables, report.context
    run = unfinished_run(report.folder)
    view = night_view(context.lake, context.date, run)
    row = run.rows("runs").iloc[0]
    bound = bound_words(AccusationBound(row["cleared_operators"], row["cleared_operators_missing"]))
    return {
        "view": replace(view, freshness=night_sections.rows_known(view.freshness, report.snapshot)),
        "is_newest": True,
        "max_parity_rows": MAX_PARITY_ROWS,
        "bound": None if bound is None else dict(zip(("zh", "en"), bound, strict=True)),
        "tiers": TIERS,
        "flows": night_sections.tier_flows(tables),
        "rests_on": night_sections.rests_on(tables),
        "changes": night_sections.tier_changes(tables, report.blind),
        "head_before": night_sections.head_before(context),
        "quarantine": night_sections.quarantine(context.lake),
        "audit": night_sections.audit_figures(context, report.snapshot, report.folder),
        "sample": tables.count("SELECT count(*) FROM audit_sample"),
        "sessions": night_sections.ranked_sessions(tables, report.blind, MAX_SESSIONS),
        "rings": night_sections.ranked_rings(tables),
        "blind_count": tables.count(BLIND_COUNT_SQL, sorted(report.blind.sessions)),
    } | night_sections.duties(tables)


def _environment(language: str) -> jinja2.Environment:
    """Templates of the export in a language, with the style of the desk."""
    environment = page_environment(language, LAYOUT)
    style = (resources.files("serving.pages") / "static" / "desk.css").read_text("utf-8")
    environment.globals["style"] = Markup(style)
    return environment


def _rendered(
    report: ReportInput, page: Page, environment: jinja2.Environment, language: str
) -> str:
    """The text of a page in a language."""
    files, policy = report.files, report.context.policy
    source = files.path(language, page.segments)
    other = next(one for one in LANGUAGES if one != language)

    def url(*segments: Any, **query: Any) -> str:
        graph = page.values.get("graphml")
        if graph is not None and segments[2:] == ("graphml",):
            return f"data:application/graphml+xml;base64,{base64.b64encode(graph).decode()}"
        return files.link(source, language, *segments, **query)

    return environment.get_template(page.template).render(
        page.values
        | {
            "url": url,
            "other_language": files.link(source, other, *page.segments),
            "may": lambda _permission: False,
            "may_export": True,
            "hidden_operators": report.blind.operators,
            "night": "",
            "nights": (),
            "tables_date": report.tables.date,
            "as_of": report.tables.as_of,
            "policy": policy,
            "ladder": {s.code: {"zh": s.zh, "en": s.en} for s in policy.ladder},
        }
    )
