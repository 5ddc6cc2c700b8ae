"""Proposals: acts that take effect when another person approves them.

A proposed measure or undo is one signed line, its approval another. Together they are the record
of the act, from the moment of the approval (ADR-0290).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from serving.policy.load import load_policy

Record = dict[str, Any]
TERM_KEYS = {  # what an approval adds; it cannot change what was proposed
    *("article", "policy_version", "notice_zh", "notice_en", "notices"),
    *("effective_from", "effective_to", "appeal_due", "at", "approved_at"),
}


def act_id(record: Record) -> str | None:
    """Id of a measure, an undo or a policy."""
    return record.get("measure_id") or record.get("undo_id") or record.get("policy_id")


def with_approvals(records: Iterable[Record]) -> tuple[list[Record], dict[str, Record]]:
    """Records as they take effect, and the proposals that nobody approved yet, by id.

    An approved proposal stands where its approval does, with the terms that the approval gave it.
    """
    effective: list[Record] = []
    pending: dict[str, Record] = {}
    for r in records:
        if "approve_of" in r:
            proposal = pending.pop(r["approve_of"], None)
            if proposal is not None:
                effective.append(proposal | _terms(proposal, r) | {"approver": r["by"]})
        elif "proposed_at" in r:
            pending[str(act_id(r))] = r
        elif r.get("outcome_of") in pending:
            pending.pop(r["outcome_of"])
        elif "withdraw_of" in r:
            if pending.get(r["withdraw_of"], {}).get("by") == r["by"]:
                pending.pop(r["withdraw_of"])
        else:
            effective.append(r)
    return effective, pending


def _terms(proposal: Record, approval: Record) -> Record:
    """The fields that an approval adds: the act begins when approved and has the days proposed."""
    terms = {k: v for k, v in approval["terms"].items() if k in TERM_KEYS}
    if "at" not in approval:
        return terms
    at = approval["at"]
    terms |= {k: at for k in ("at", "approved_at", "effective_from") if k in terms}
    if "effective_from" in terms and "days" in proposal:
        end = datetime.fromisoformat(at) + timedelta(days=proposal["days"])
        terms["effective_to"] = end.isoformat(timespec="seconds")
    if "code" not in proposal:  # a policy binds from the date that was proposed
        terms = {k: v for k, v in terms.items() if k not in ("effective_from", "effective_to")}
    return terms


def lacks_approval(record: Record) -> bool:
    """Whether a signed act took effect at once although it needs another person."""
    if "undo_of" in record or "policy_id" in record:
        return "proposed_at" not in record
    if "code" not in record or "proposed_at" in record:
        return False
    is_beyond = bool(record.get("proportionality", {}).get("beyond_range"))
    return is_beyond or record["code"] in _reserved_codes()


@cache
def _reserved_codes() -> frozenset[str]:
    return frozenset(load_policy().measures.human_only)
