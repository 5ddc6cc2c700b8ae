"""Appeals: opened against a measure or a decision, decided by another person, fed back as outcomes.

A won appeal lifts the measure and its consequences: the state of measures reads this record.

`LAKE/journal/appeals.jsonl` is an append-only hash chain. Verdicts: `error` is a false accusation
(误杀), `miss` a fraud that was not found (漏杀), `upheld` leaves the decision as it was.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from data_contracts.contract import contract
from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import read_outbound
from serving.ledger.hash_chain import append_record, read_records
from serving.oversight.measures.state import read_measures
from serving.policy.schema import Policy

VERDICTS = {"error": "cleared", "upheld": "confirmed", "miss": "confirmed"}
OUTCOME_KINDS = ("session", "order")


class BadAppeal(SteelyardError):
    """An appeal cannot be opened or decided as asked."""

    exit_code = 9


@dataclass(frozen=True)
class Appeal:
    """An appeal as it stands. `breached`: it was, or still is, not decided when it was due."""

    appeal_id: str
    operator_id: str | None
    date: str
    tier: str
    ground: str
    opened_by: str
    opened_at: str
    due_at: str
    decided_by: str | None = None
    decided_at: str | None = None
    verdict: str | None = None
    reason: str | None = None
    breached: bool = False
    measure_id: str | None = None


def _appeals_path(lake: Lake) -> Path:
    return lake.appeals


def list_appeals(folder: LakeOrFolder, now: datetime) -> list[Appeal]:
    """All appeals, oldest first, as they stand at a moment."""
    out: dict[str, dict] = {}
    for e in read_records(_appeals_path(Lake.open(folder))):
        if e["event"] == "opened":
            out[e["appeal_id"]] = {
                k: e.get(k)
                for k in (
                    "appeal_id",
                    "operator_id",
                    "date",
                    "tier",
                    "ground",
                    "opened_by",
                    "opened_at",
                    "due_at",
                    "measure_id",
                )
            }
        else:
            out[e["appeal_id"]] |= {
                k: e[k] for k in ("decided_by", "decided_at", "verdict", "reason")
            }
    return [
        Appeal(**a, breached=(a.get("decided_at") or now.isoformat()) > a["due_at"])
        for a in out.values()
    ]


def verdicts_before(lake: Lake, as_of: datetime) -> dict[str, str]:
    """Verdict of each operator's latest appeal that was decided before a moment."""
    opened, out = {}, {}
    for e in read_records(_appeals_path(lake)):
        if e["event"] == "opened":
            opened[e["appeal_id"]] = e["operator_id"]
        elif e["decided_at"] < as_of.isoformat() and opened[e["appeal_id"]]:
            out[opened[e["appeal_id"]]] = e["verdict"]
    return out


def appeal_id_of(subject: str, day: str, now: datetime) -> str:
    """Id of an appeal against a subject's decision, or a measure, of a day."""
    return "p" + hashlib.sha256(f"{subject}|{day}|{now.isoformat()}".encode()).hexdigest()[:12]


def open_appeal(
    folder: LakeOrFolder,
    operator: str,
    night: str | None,
    ground: str,
    by: str,
    now: datetime,
    policy: Policy,
) -> Appeal:
    """Open an appeal against the decision of a night, the latest when None.

    Raises BadAppeal, LakeProblem.
    """
    lake = Lake.open(folder)
    decisions = read_outbound(lake, "tier_decisions", night).set_index("operator_id")
    if operator not in decisions.index:
        raise BadAppeal(
            f"no decision about operator {operator} was published that night; "
            f"look with: steelyard show tier_decisions {folder}"
        )
    if not ground.strip() or not by.strip():
        raise BadAppeal("an appeal needs its --ground and who opens it, --by")
    decision = decisions.loc[operator]
    day = pd.Timestamp(decision["date"]).date().isoformat()
    if any(
        a.operator_id == operator and a.date == day and a.verdict is None
        for a in list_appeals(lake, now)
    ):
        raise BadAppeal(f"an appeal of {operator} against the night of {day} is open already")
    event = {
        "event": "opened",
        "appeal_id": appeal_id_of(operator, day, now),
        "operator_id": operator,
        "date": day,
        "tier": str(decision["tier"]),
        "ground": ground,
        "opened_by": by,
        "opened_at": now.isoformat(timespec="seconds"),
        "due_at": (now + timedelta(days=policy.appeal_days)).isoformat(timespec="seconds"),
        "policy_version": str(decision["policy_version"]),
        "model_version": str(decision["model_version"]),
    }
    append_record(_appeals_path(lake), event)
    return next(a for a in list_appeals(lake, now) if a.appeal_id == event["appeal_id"])


def decide_appeal(
    folder: LakeOrFolder,
    appeal_id: str,
    verdict: str,
    by: str,
    reason: str,
    now: datetime,
    entities: list[tuple[str, str]] | None = None,
) -> Appeal:
    """Decide an open appeal, as another person than opened it; returns it.

    Parameters
    ----------
    entities
        Kind and id of the sessions and orders that the verdict is about. Each becomes a row of
        `outcomes` with source `appeal`, from which the next training learns.

    Raises
    ------
    BadAppeal
        The appeal cannot be decided as asked. Nothing is written then.
    """
    lake = Lake.open(folder)
    found = next((a for a in list_appeals(lake, now) if a.appeal_id == appeal_id), None)
    if found is None:
        raise BadAppeal(
            f"there is no appeal {appeal_id}; list them with: steelyard appeal list {folder}"
        )
    if found.verdict is not None:
        raise BadAppeal(
            f"appeal {appeal_id} was decided on {found.decided_at} ({found.verdict}); "
            "open another against a later decision"
        )
    if verdict not in VERDICTS:
        raise BadAppeal(f"--verdict is one of {', '.join(VERDICTS)}, not {verdict!r}")
    if not reason.strip():
        raise BadAppeal("a decision needs its --reason")
    if by == found.opened_by:
        raise BadAppeal(f"{by} opened this appeal; another reviewer has to decide it")
    if found.measure_id is not None:
        record = read_measures(lake).measures[found.measure_id].record
        if by in (record["by"], record["approver"]):
            raise BadAppeal(f"{by} took or approved {found.measure_id}; another has to decide it")
    wrong = [kind for kind, _ in entities or [] if kind not in OUTCOME_KINDS]
    if wrong:
        raise BadAppeal(
            f"outcomes are about {' and '.join(OUTCOME_KINDS)}s, not {', '.join(wrong)}"
        )
    if entities:
        frame = pd.DataFrame(
            [
                {
                    "entity_kind": kind,
                    "entity_id": entity,
                    "typology": "order_fraud" if kind == "order" else "view_fraud",
                    "verdict": VERDICTS[verdict],
                    "decided_at": now,
                    "source": "appeal",
                    "received_at": now,
                }
                for kind, entity in entities
            ]
        )
        columns = [c.name for c in contract("outcomes").columns]
        lake.append_day(
            "outcomes",
            now.date(),
            frame.reindex(columns=columns),
            part=int(hashlib.sha256(appeal_id.encode()).hexdigest()[:6], 16),
        )
    append_record(
        _appeals_path(lake),
        {
            "event": "decided",
            "appeal_id": appeal_id,
            "verdict": verdict,
            "reason": reason,
            "decided_by": by,
            "decided_at": now.isoformat(timespec="seconds"),
            "entities": [list(e) for e in entities or []],
        },
    )
    return next(a for a in list_appeals(lake, now) if a.appeal_id == appeal_id)
