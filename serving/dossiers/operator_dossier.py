"""The dossier of an operator: everything that a night published about it, on one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.declaration import OPERATOR
from features.former_names import BY_ANY_NAME
from serving.dossiers.night_tables import NightTables, Row
from serving.dossiers.operator_links import OperatorLinks, operator_links
from serving.dossiers.operator_record import OperatorRecord, operator_record, published_record
from serving.dossiers.peer_risks import PeerRisks, peer_risks
from serving.dossiers.row_pages import RowPage, page_of, queried_page
from serving.dossiers.signal_evidence import SignalEvidence, signal_evidence
from serving.oversight.influence import COMPONENTS
from serving.policy.schema import Policy

SESSIONS_ON_PAGE, COMPLAINTS_ON_PAGE, CAUSES_ON_PAGE = 10, 10, 10
SESSIONS_SQL = """
    SELECT s.session_id, s.started_at, s.ended_at, s.category,
           list_contains(?::VARCHAR[], s.session_id) AS is_hidden,
           CASE WHEN NOT is_hidden THEN x.probability END AS probability,
           CASE WHEN NOT is_hidden THEN x.rank END AS rank,
           CASE WHEN NOT is_hidden THEN coalesce(v.n, 0) END AS false_views
    FROM sessions s
    LEFT JOIN scores x ON x.entity_kind = 'session' AND x.entity_id = s.session_id
                      AND x.leads AND x.operator_id = s.operator_id
    LEFT JOIN (SELECT session_id, count(*) AS n FROM false_views WHERE session_id IN
                 (SELECT session_id FROM sessions WHERE operator_id = ?) GROUP BY 1) v
           ON v.session_id = s.session_id
    WHERE s.operator_id = ?
"""
FALSE_VIEWS_SQL = """
    SELECT count(*) FROM false_views
    WHERE session_id IN (SELECT session_id FROM sessions WHERE operator_id = ?)
"""


@dataclass(frozen=True)
class Exculpation:
    """Evidence in favour of an operator besides its signals.

    `boosts` and `raids` are granted causes of bursts. `cleared` are verdicts of people.
    """

    boosts: RowPage
    raids: RowPage
    cleared: RowPage


@dataclass(frozen=True)
class Counterfactual:
    """Changes that would bring the risk below the bound of the tier (`why.down`).

    `changes` are reasons in words with the value at which the signal would be as its peers.
    """

    below: float
    risk: float
    changes: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class OperatorDossier:
    """Everything about one operator as a night knew it, and as the record stands now.

    Attributes
    ----------
    decision
        Row of `tier_decisions`; `why` is an object.
    interval
        Interval of the risk; None where the night published none.
    false_views
        Number of views of its sessions that are named false.
    credit, mcn, profile, sessions_in_two_weeks
        Rows of `credit`, `mcns`, `operators` and `operator_sessions`; None where there is none.
    """

    operator_id: str
    as_of: datetime
    decision: Row
    interval: tuple[float, float] | None
    peers: PeerRisks
    components: dict[str, float]
    signals: SignalEvidence
    figures: tuple[Row, ...]
    history: tuple[Row, ...]
    exculpation: Exculpation
    counterfactual: Counterfactual | None
    sessions: RowPage
    orders: Row
    record: OperatorRecord
    links: OperatorLinks
    tables_missing: tuple[str, ...]
    false_views: int = 0
    credit: Row | None = None
    mcn: Row | None = None
    profile: Row | None = None
    sessions_in_two_weeks: Row | None = None


def operator_dossier(
    tables: NightTables,
    operator_id: str,
    now: datetime | None,
    policy: Policy,
    page: int = 1,
    *,
    hidden_sessions: Sequence[str] = (),
) -> OperatorDossier | None:
    """The dossier of an operator; None where the night decided nothing about it.

    Parameters
    ----------
    tables
        The night.
    operator_id
        The operator.
    now
        Moment at which measures and cases are read, naive UTC; None leaves out what people
        recorded.
    policy
        Policy of the desk, for due dates.
    page
        Page of its sessions, the most suspicious first.
    hidden_sessions
        Its sessions whose figures the reader may not see yet; they stand last, without any.
    """
    found = tables.first("SELECT * FROM tier_decisions WHERE operator_id = ?", operator_id)
    if found is None:
        return None
    decision = found | {"why": json.loads(found["why"])}
    profile = tables.first("SELECT * FROM operators WHERE operator_id = ?", operator_id)
    mcn_id = profile["mcn_id"] if profile else None
    interval = decision["why"].get("risk_interval")
    return OperatorDossier(
        operator_id=operator_id,
        as_of=tables.as_of,
        decision=decision,
        interval=None if interval is None else (float(interval[0]), float(interval[1])),
        peers=peer_risks(tables, decision["risk"], profile["category"] if profile else None),
        components={n: decision[f"component_{n}"] for n in COMPONENTS},
        signals=signal_evidence(tables, OPERATOR, operator_id),
        figures=figures_of(tables, OPERATOR, operator_id),
        history=tuple(
            tables.rows("SELECT * FROM history WHERE operator_id = ? ORDER BY date", operator_id)
        ),
        exculpation=_exculpation(tables, operator_id, hidden_sessions),
        counterfactual=_counterfactual(decision["why"].get("down")),
        sessions=queried_page(
            tables,
            SESSIONS_SQL,
            "probability DESC NULLS LAST, started_at DESC, session_id",
            *(list(hidden_sessions), operator_id, operator_id),
            number=page,
            size=SESSIONS_ON_PAGE,
        ),
        orders=_orders(tables, operator_id),
        record=published_record(tables, operator_id)
        if now is None
        else operator_record(tables, operator_id, mcn_id, now, policy),
        links=operator_links(tables, operator_id),
        tables_missing=missing_tables(tables),
        false_views=tables.count(FALSE_VIEWS_SQL, operator_id),
        credit=tables.first("SELECT * FROM credit WHERE operator_id = ?", operator_id),
        mcn=tables.first("SELECT * FROM mcns WHERE mcn_id = ?", mcn_id),
        profile=profile,
        sessions_in_two_weeks=tables.first(
            "SELECT * FROM operator_sessions WHERE operator_id = ?", operator_id
        ),
    )


def figures_of(tables: NightTables, kind: str, entity_id: str) -> tuple[Row, ...]:
    """Corrected figures of an operator or a session."""
    sql = "SELECT * FROM corrected_figures WHERE entity_kind = ? AND entity_id = ? ORDER BY measure"
    return tuple(tables.rows(sql, kind, entity_id))


def missing_tables(tables: NightTables) -> tuple[str, ...]:
    """Inbound tables that the night did not have."""
    run = tables.first("SELECT tables_missing FROM runs")
    return tuple(json.loads(run["tables_missing"])) if run else ()


def _exculpation(
    tables: NightTables, operator_id: str, hidden_sessions: Sequence[str]
) -> Exculpation:
    """Granted causes and earlier verdicts that cleared, newest first; none on hidden sessions."""
    size = {"size": CAUSES_ON_PAGE}
    boosts = "SELECT * FROM operator_boosts WHERE operator_id = ?"
    raids = "SELECT * FROM operator_raids WHERE operator_id = ?"
    cleared = """SELECT * FROM operator_cleared WHERE operator_id = ?
                 AND NOT (entity_kind = 'session' AND list_contains(?::VARCHAR[], entity_id))"""
    return Exculpation(
        queried_page(tables, boosts, "starts_at DESC, session_id", operator_id, **size),
        queried_page(tables, raids, '"at" DESC, to_session_id', operator_id, **size),
        queried_page(
            tables,
            cleared,
            "decided_at DESC, entity_id",
            *(operator_id, list(hidden_sessions)),
            **size,
        ),
    )


def _orders(tables: NightTables, operator_id: str) -> Row:
    """Number of scored orders, of those that are probably false, and the highest probability."""
    found = tables.first("SELECT * FROM operator_orders WHERE operator_id = ?", operator_id)
    return found or {"scored": 0, "highest": None, "probable": 0}


def _counterfactual(down: dict[str, Any] | None) -> Counterfactual | None:
    """The published counterfactual in words."""
    if not down:
        return None
    changes = []
    for one in down["signals"]:
        signal = BY_ANY_NAME.get(one["signal"])
        words = signal.reason(one["value"], one["usual"]) if signal else {}
        changes.append(one | {"zh": one["signal"], "en": one["signal"]} | words)
    return Counterfactual(float(down["below"]), float(down["risk"]), tuple(changes))


def complaints_page(record: OperatorRecord, number: int = 1) -> RowPage:
    """A page of the complaints about an operator."""
    return page_of(record.complaints, number, COMPLAINTS_ON_PAGE)
