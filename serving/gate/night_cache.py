"""The published night in memory, as the boost gate answers from it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.dataset as pads

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import published_run, read_outbound
from data_contracts.verification.published_run import Assurance
from features.former_names import read_night, with_current_names
from features.peers.comparison import Comparison
from serving.gate.assessments.gaps import delivery_gaps
from serving.gate.assessments.identity import Identity, read_identities, read_streamers
from serving.scoring.nightly_models import own_models
from serving.scoring.peer_snapshots import read_peer_snapshots


@dataclass(frozen=True)
class WorstSession:
    """The session of an operator with the highest probability in a night."""

    session_id: str
    probability: float
    reasons: list[dict[str, Any]]


@dataclass(frozen=True)
class OperatorHistory:
    """An operator's sessions of two weeks: number, share that is inflated, log-odds of that."""

    sessions: int
    inflated_share: float
    log_odds: float


@dataclass(frozen=True)
class OperatorRecord:
    """The decision, scores and figures of a night on one operator."""

    tier: str
    risk: float | None
    cold_start: bool
    key_operator: bool
    measure: str
    why: dict[str, Any]
    reasons: list[dict[str, Any]]
    model: str
    model_version: str
    corrected: list[dict[str, Any]]
    worst_session: WorstSession | None = None
    attribution: str = "unknown"
    history: OperatorHistory | None = None
    is_cleared: bool = False  # an appeal was won: the night accuses no more


@dataclass(frozen=True)
class PublishedNight:
    """A published night, ready to answer from.

    `own_models`: models of the platform that scored it. `gaps`: what an answer from it lacks
    (`assessment/gaps.py`).
    """

    run_id: str
    as_of: datetime
    policy_version: str
    operators: dict[str, OperatorRecord] = field(repr=False)
    credit: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    peer_snapshots: dict[str, Comparison] = field(default_factory=dict, repr=False)
    own_models: frozenset[str] = frozenset()
    gaps: tuple[str, ...] = ()
    identities: dict[str, Identity] = field(default_factory=dict, repr=False)
    streamers: dict[str, Identity] = field(default_factory=dict, repr=False)
    is_verified: bool = True  # the record vouches for every file of it
    delivery_gaps: tuple[str, ...] = ()  # what its delivery lacked or got wrong
    has_sessions: bool = True  # the platform delivers sessions


NO_NIGHT = PublishedNight("none", datetime.min, "none", {}, gaps=("night_missing",))


def read_published_night(lake: LakeOrFolder, night: str | None = None) -> PublishedNight:
    """Read a published night into memory, the latest when no date is named."""
    lake = Lake.open(lake)
    published = published_run(lake, night)
    run = read_outbound(lake, "runs", night).iloc[0]
    decisions = read_night(lake, "tier_decisions", night)
    scores = read_outbound(lake, "scores", night)
    operator_scores = scores[scores["entity_kind"] == "operator"]
    trained = operator_scores[operator_scores["model"] != "deviance"]
    main = (trained if len(trained) else operator_scores).set_index("entity_id")
    model_of = main["model"].to_dict()
    reasons = with_current_names("scores", main)["reasons"].dropna().to_dict()
    corrected = _corrected_figures(read_outbound(lake, "corrected_figures", night))
    worst = _worst_sessions(lake, scores)
    history = {
        r.operator_id: OperatorHistory(int(r.sessions), float(r.inflated_share), float(r.log_odds))
        for r in read_outbound(lake, "operator_sessions", night).itertuples(index=False)
    }
    operators = {}
    for r in decisions.itertuples(index=False):
        record = OperatorRecord(
            r.tier,
            None if pd.isna(r.risk) else float(r.risk),
            bool(r.cold_start),
            bool(r.is_key_operator),
            r.measure,
            json.loads(r.why),
            json.loads(reasons[r.operator_id]) if r.operator_id in reasons else [],
            str(model_of[r.operator_id]),
            r.model_version,
            corrected.get(r.operator_id, []),
            worst.get(r.operator_id),
            r.attribution,
            history.get(r.operator_id),
        )
        operators[r.operator_id] = (
            _without_appealed(record) if "appeal_won" in record.why else record
        )
    credit_rows = read_outbound(lake, "credit", night).to_dict("records")
    credit = {str(r["operator_id"]): r for r in credit_rows}
    as_of = pd.Timestamp(run["as_of"]).to_pydatetime()
    identities = read_identities(lake, as_of)
    gaps = delivery_gaps(json.loads(run.get("suspicions", "[]")))
    return PublishedNight(
        published.run_id,
        as_of,
        str(run["policy_version"]),
        operators,
        credit,
        read_peer_snapshots(published),
        own_models(published.manifest),
        identities=identities,
        streamers=read_streamers(lake, as_of),
        is_verified=published.assurance is Assurance.VERIFIED,
        delivery_gaps=(*gaps, *([] if identities else ["identities_not_delivered"])),
        has_sessions="sessions" not in json.loads(run["tables_missing"]),
    )


def _without_appealed(record: OperatorRecord) -> OperatorRecord:
    """A record without evidence of before a won appeal: the night left it out of its decision."""
    session = record.why["session"]
    worst = record.worst_session
    is_new = worst is not None and session is not None and worst.session_id == session["id"]
    return replace(
        record,
        is_cleared=True,
        reasons=[],
        history=None,
        worst_session=worst if is_new else None,
    )


def _corrected_figures(figures: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Operator → its corrected figures."""
    out: dict[str, list[dict[str, Any]]] = {}
    for r in figures[figures["entity_kind"] == "operator"].itertuples(index=False):
        out.setdefault(r.entity_id, []).append(
            {
                "measure": r.measure,
                "unit": r.unit,
                "counted": r.counted,
                "estimate": round(r.estimate, 2),
                "low": round(r.low, 2),
                "high": round(r.high, 2),
                "certainty": None if np.isnan(r.certainty) else round(r.certainty, 4),
            }
        )
    return out


def _worst_sessions(lake: Lake, scores: pd.DataFrame) -> dict[str, WorstSession]:
    """Operator → its session of the night with the highest calibrated probability."""
    rows = scores[(scores["entity_kind"] == "session") & scores["probability"].notna()].sort_values(
        "rank"
    )
    if rows.empty:
        return {}
    ids = rows["entity_id"].tolist()
    owner = (
        pads.dataset([str(f) for f in lake.files("sessions")])
        .to_table(columns=["session_id", "operator_id"], filter=pads.field("session_id").isin(ids))
        .to_pandas()
        .drop_duplicates("session_id")
        .set_index("session_id")["operator_id"]
    )
    first = rows.assign(operator=rows["entity_id"].map(owner)).drop_duplicates("operator")
    first = with_current_names("scores", first)
    return {
        r.operator: WorstSession(
            r.entity_id,
            float(r.probability),
            json.loads(r.reasons) if isinstance(r.reasons, str) else [],
        )
        for r in first.itertuples(index=False)
    }
