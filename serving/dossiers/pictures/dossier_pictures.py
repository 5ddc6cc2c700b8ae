"""Pictures of one dossier, by the names that its template has for them."""

from __future__ import annotations

from typing import Any

from serving.dossiers.operator_dossier import OperatorDossier
from serving.dossiers.pictures.figure_bars import figure_bars
from serving.dossiers.pictures.risk_pictures import risk_histogram, risk_history
from serving.dossiers.pictures.timeline import SERIES, timeline
from serving.dossiers.session_dossier import SessionDossier


def operator_pictures(dossier: OperatorDossier) -> dict[str, Any]:
    """Figures, risk from night to night, and risk among peers."""
    risk = dossier.decision["risk"]
    return {
        "bars": figure_bars(dossier.figures),
        "history": risk_history(dossier.history),
        "histogram": risk_histogram(dossier.peers.counts, risk, dossier.interval),
    }


def session_pictures(dossier: SessionDossier) -> dict[str, Any]:
    """Figures, and the timeline with the series that have a value; None without minutes."""
    minutes = dossier.minutes
    picture = timeline(
        minutes.minutes,
        dossier.session["started_at"],
        band=minutes.band,
        windows=minutes.windows,
        causes=dossier.causes,
        false_by_minute=dossier.false_by_minute,
    )
    known = [s for s in SERIES if s in minutes.minutes and minutes.minutes[s].notna().any()]
    return {
        "bars": figure_bars(dossier.figures),
        "picture": picture if len(minutes.minutes) else None,
        "series": known,
    }
