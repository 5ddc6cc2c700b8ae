"""Legal holds: operators whose rows no deletion takes, set and lifted as signed acts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Author, act_author, author_name, record_act


class RetentionRefused(SteelyardError):
    """A deletion or a hold is not allowed as asked."""

    exit_code = 13


def set_hold(
    folder: LakeOrFolder, operator: str, by: Author, reason: str, lift: bool, now: datetime
) -> dict[str, Any]:
    """Put an operator's data under legal hold, or lift the hold that another person set.

    Raises
    ------
    RetentionRefused
        There is no reason, no hold to lift, or the same person set it.
    NotAuthenticated
        The author has no role for it: an approver lifts, an officer may set.
    """
    lake = Lake.open(folder)
    name = author_name(by)
    if not name.strip() or not reason.strip():
        raise RetentionRefused("a legal hold needs --by and --reason")
    author = act_author(lake, by, lake.legal_holds, (APPROVER,) if lift else (OFFICER, APPROVER))
    if lift:
        hold = holds(lake).get(operator)
        if hold is None:
            raise RetentionRefused(f"there is no legal hold on {operator}")
        if author.sign is not None and hold["by"] == name:
            raise RetentionRefused(f"{name} set the hold on {operator}; another has to lift it")
    event = {
        "operator_id": operator,
        "event": "lifted" if lift else "set",
        "by": author.name,
        "reason": reason,
        "at": now.isoformat(timespec="seconds"),
    }
    return record_act(lake, lake.legal_holds, event, author)


def holds(lake: Lake) -> dict[str, dict[str, Any]]:
    """Record of the legal hold of each operator that is under one. Raises LedgerDamaged."""
    last = {r["operator_id"]: r for r in acts_of(lake, lake.legal_holds)}
    return {k: r for k, r in last.items() if r["event"] == "set"}


def operators_on_hold(lake: Lake) -> set[str]:
    """Operators under legal hold."""
    return set(holds(lake))
