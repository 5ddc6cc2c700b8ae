"""Dossiers of the report: what the templates of operators, sessions and rings show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serving.dossiers.night_tables import NightTables
from serving.dossiers.operator_dossier import complaints_page, operator_dossier
from serving.dossiers.pictures.dossier_pictures import operator_pictures, session_pictures
from serving.dossiers.pictures.ring_picture import ring_picture
from serving.dossiers.ring_dossier import graphml, linking_path, ring_dossier, ring_graph
from serving.dossiers.row_pages import page_of
from serving.dossiers.session_dossier import session_dossier
from serving.policy.schema import Policy

MINUTES_IN_TABLE = 60


def operator_values(
    tables: NightTables, operator_id: str, policy: Policy, *, hidden_sessions: Sequence[str] = ()
) -> dict[str, Any]:
    """The dossier of an operator, without what people recorded later."""
    dossier = operator_dossier(tables, operator_id, None, policy, hidden_sessions=hidden_sessions)
    if dossier is None:
        raise KeyError(operator_id)
    return {
        "dossier": dossier,
        "decision": dossier.decision,
        "complaints": complaints_page(dossier.record),
        "hidden_sessions": hidden_sessions,
    } | operator_pictures(dossier)


def session_values(tables: NightTables, session_id: str) -> dict[str, Any]:
    """The dossier of a session."""
    dossier = session_dossier(tables, session_id)
    if dossier is None:
        raise KeyError(session_id)
    rows = dossier.minutes.minutes.to_dict("records")
    minutes = page_of(rows, 1, MINUTES_IN_TABLE)
    return {"dossier": dossier, "minutes": minutes} | session_pictures(dossier)


def ring_values(tables: NightTables, ring_id: str) -> dict[str, Any]:
    """The dossier of a ring with its whole graph to take away."""
    graph = ring_graph(tables, ring_id)
    return {
        "dossier": ring_dossier(tables, ring_id),
        "picture": ring_picture(graph),
        "path": linking_path(graph),
        "graphml": graphml(graph).encode(),
    }
