"""One session: its score and reasons, counted against real, its timeline, its false views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite

from features.declaration import SESSION
from features.posteriors.owner_pooling import shift_probability
from serving.dossiers.night_tables import NightTables, Row
from serving.dossiers.operator_dossier import figures_of
from serving.dossiers.row_pages import RowPage, queried_page
from serving.dossiers.session_minutes import SessionMinutes, session_minutes
from serving.dossiers.signal_evidence import SignalEvidence, read_reasons, signal_evidence

VIEWS_ON_PAGE = 10
MAX_FALSE_VIEW_WINDOWS = 10
FALSE_VIEWS_SQL = "SELECT * FROM false_views WHERE session_id = ?"
FALSE_VIEWS_ORDER = "probability DESC, view_id"


@dataclass(frozen=True)
class Cause:
    """A boost, raid, co-stream or link: an honest cause of a burst, in minutes of the session."""

    kind: str
    start: float
    stop: float
    at: datetime
    size: int | None
    other: str | None = None


@dataclass(frozen=True)
class SuspiciousWindow:
    """Minutes from `start` up to `stop` that a detector names, `at` in clock time.

    `detector` is `burst` for a series without a granted cause, and `view` for `views` that are
    named false one by one.
    """

    detector: str
    series: str
    start: int
    stop: int
    at: datetime
    views: int | None = None


@dataclass(frozen=True)
class SessionDossier:
    """Everything about one session as a night knew it.

    Attributes
    ----------
    session
        Row of `sessions`.
    score
        Row of the model that leads; None where the night did not score the session.
    steps
        Probability by its signals, after its views and after its operator's other sessions.
    false_by_minute
        Views named false, by the minute in which they joined.
    """

    session: Row
    night_scored: bool
    score: Row | None
    steps: dict[str, float] | None
    signals: SignalEvidence
    figures: tuple[Row, ...]
    minutes: SessionMinutes
    causes: tuple[Cause, ...]
    false_by_minute: dict[int, int]
    false_views: RowPage

    @property
    def windows(self) -> tuple[SuspiciousWindow, ...]:
        """Suspicious windows of all detectors, in the order of the clock."""
        start: datetime = self.session["started_at"]
        found = [
            SuspiciousWindow("burst", w["series"], w["start"], w["stop"], at)
            for w in self.minutes.windows
            for at in (start + timedelta(minutes=w["start"]),)
        ]
        found += _false_view_windows(self.false_by_minute, start)
        return tuple(sorted(found, key=lambda w: (w.start, w.detector, w.series)))


def session_dossier(tables: NightTables, session_id: str, page: int = 1) -> SessionDossier | None:
    """A session; None where the lake did not know it at the night's moment.

    `page` is the page of its false views, the most probable first.
    """
    session = tables.first("SELECT * FROM sessions WHERE session_id = ?", session_id)
    if session is None:
        return None
    score = tables.first(
        "SELECT * FROM scores WHERE entity_kind = 'session' AND entity_id = ? AND leads", session_id
    )
    return SessionDossier(
        session=session,
        night_scored=score is not None,
        score=score,
        steps=_steps(score),
        signals=signal_evidence(tables, SESSION, session_id),
        figures=figures_of(tables, SESSION, session_id),
        minutes=session_minutes(tables, session),
        causes=tuple(_causes(tables, session)),
        false_by_minute=_false_by_minute(tables, session),
        false_views=false_views_page(tables, session_id, page),
    )


def false_views_page(tables: NightTables, session_id: str, page: int = 1) -> RowPage:
    """Views of a session that are named false, with reasons as objects."""
    found = queried_page(
        tables, FALSE_VIEWS_SQL, FALSE_VIEWS_ORDER, session_id, number=page, size=VIEWS_ON_PAGE
    )
    rows = tuple(r | {"reasons": read_reasons(r["reasons"])} for r in found.rows)
    return RowPage(rows, found.total, found.number, found.size)


def without_assessment(dossier: SessionDossier) -> SessionDossier:
    """Events of a session, without the findings of models."""
    signals = replace(dossier.signals, against=(), in_favour=())
    return replace(
        dossier,
        score=None,
        steps=None,
        signals=signals,
        figures=(),
        false_by_minute={},
        false_views=RowPage((), 0),
    )


def _steps(score: Row | None) -> dict[str, float] | None:
    if score is None or score["probability"] is None:
        return None
    evidence = score["view_evidence_log_odds"]
    by_views = float("nan") if evidence is None else evidence
    return probability_steps(score["own_probability"], by_views, score["probability"])


def _causes(tables: NightTables, session: Row) -> list[Cause]:
    """Boosts, raids, co-streams and links of a session, oldest first."""
    start, session_id = session["started_at"], session["session_id"]

    def minute(at: datetime) -> float:
        return (at - start) / timedelta(minutes=1)

    sql = "SELECT * FROM boosts WHERE session_id = ? AND ends_at > starts_at"
    found = []
    for b in tables.rows(sql, session_id):
        first, last = b["starts_at"], b["ends_at"]
        found.append(Cause("boost", minute(first), minute(last), first, b["views_bought"]))
    for k in tables.rows("SELECT * FROM room_links WHERE to_session_id = ?", session_id):
        at, sent = k["at"], k["viewers_sent"]
        found.append(Cause(k["kind"], minute(at), minute(at), at, sent, k["from_session_id"]))
    return sorted(found, key=lambda c: (c.at, c.kind))


def _false_by_minute(tables: NightTables, session: Row) -> dict[int, int]:
    """Number of views named false that joined in each minute of the session."""
    sql = """SELECT CAST(floor(epoch(joined_at - ?) / 60) AS BIGINT) AS minute, count(*) AS n
             FROM false_views WHERE session_id = ? AND joined_at IS NOT NULL
             GROUP BY 1 ORDER BY 1"""
    rows = tables.rows(sql, session["started_at"], session["session_id"])
    return {int(r["minute"]): int(r["n"]) for r in rows}


def _false_view_windows(by_minute: dict[int, int], start: datetime) -> list[SuspiciousWindow]:
    """Runs of minutes in which views named false joined; those with the most views."""
    runs: list[list[int]] = []
    for minute in sorted(by_minute):
        if runs and runs[-1][-1] == minute - 1:
            runs[-1].append(minute)
        else:
            runs.append([minute])
    found = [
        SuspiciousWindow(
            "view",
            "false_views",
            run[0],
            run[-1] + 1,
            start + timedelta(minutes=run[0]),
            sum(by_minute[m] for m in run),
        )
        for run in runs
    ]
    return sorted(found, key=lambda w: (-(w.views or 0), w.start))[:MAX_FALSE_VIEW_WINDOWS]


def probability_steps(own: float, evidence: float, probability: float) -> dict[str, float] | None:
    """The steps of a session's probability; None where no model gave one.

    `signals`: by its signals. `views`: after its single views, absent where they were not assessed.
    `probability`: after the operator's other sessions.
    """
    if not isfinite(probability):
        return None
    if not isfinite(evidence):
        return {"signals": own, "probability": probability}
    return {"signals": shift_probability(own, -evidence), "probability": probability, "views": own}
