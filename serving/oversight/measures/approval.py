"""Approval: another person lets a proposed measure or undo take effect, with a key of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.labels.appeal_labels import withdraw_labels
from serving.oversight.measures.measure_requests import BadMeasure
from serving.oversight.measures.nightly_measures import MeasureGrounds, NoticeTerms, notice_texts
from serving.oversight.measures.state import UNDONE, MeasureState
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.undo import withdrawal_notice
from serving.oversight.people.roster import APPROVER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Signer, act_author, record_act
from serving.policy.schema import Policy

Record = dict[str, Any]


def approve_act(
    folder: LakeOrFolder, act: str, by: Signer, now: datetime, policy: Policy
) -> Record:
    """Approve a proposed measure or undo; returns its record as it takes effect.

    An act that this person approved before is returned as it is.

    Raises
    ------
    BadMeasure
        No such act waits for approval, or the same person proposed it.
    NotAuthenticated
        The author is no approver.
    """
    lake = Lake.open(folder)
    author = act_author(lake, by, lake.measures, (APPROVER,))
    state = read_measures(lake)
    proposal = state.pending.get(act)
    if proposal is None:
        return _approved_before(lake, act, author.name)
    if proposal["by"] == author.name:
        raise BadMeasure(f"{author.name} proposed {act}; another person has to approve it")
    terms = (
        undo_terms(proposal, state, now, policy)
        if "undo_of" in proposal
        else measure_terms(proposal, proposal["days"], now, policy)
    )
    line = {"approve_of": act, "by": author.name, "at": _text(now), "terms": terms}
    record_act(lake, lake.measures, line, author)
    withdraw_labels(lake, proposal.get("undo_of", ()), now)
    return _effective(proposal, line)


def measure_terms(body: Record, days: int, now: datetime, policy: Policy) -> Record:
    """Terms of a measure from the moment at which it takes effect: dates, article and notices."""
    end = now + timedelta(days=days)
    step = policy.ladder_step(body["code"])
    terms = NoticeTerms(step, body["subject_id"], now, end, body["subject_kind"])
    grounds = MeasureGrounds(body["facts"], body["evidence"], body["signals"])
    zh, en = notice_texts(terms, grounds, policy)
    return {
        "article": policy.cite("measure", body["code"], now.date()),
        "policy_version": str(policy.version),
        "notice_zh": zh,
        "notice_en": en,
        "effective_from": _text(now),
        "effective_to": _text(end),
        "appeal_due": _text(now + timedelta(days=policy.appeal_open_days)),
    }


def undo_terms(proposal: Record, state: MeasureState, now: datetime, policy: Policy) -> Record:
    """Terms of an undo: its moment, and a notice of withdrawal for each measure that stands.

    Raises BadMeasure where none does.
    """
    reason = proposal["reason"]
    left = [i for i in proposal["undo_of"] if state.measures[i].status(now) != UNDONE]
    if not left:
        raise BadMeasure(
            f"all measures of {proposal['undo_id']} are undone already; close it as lifted"
        )
    notices = {i: withdrawal_notice(state.measures[i], reason, now, policy) for i in left}
    return {"at": _text(now), "notices": notices}


def _approved_before(lake: Lake, act: str, by: str) -> Record:
    """The act as this person approved it. Raises BadMeasure."""
    records = acts_of(lake, lake.measures)
    line = next((r for r in records if (r.get("approve_of"), r.get("by")) == (act, by)), None)
    if line is None:
        raise BadMeasure(
            f"no act {act} waits for approval; list them with: steelyard measure list {lake}"
        )
    proposal = next(r for r in records if act in (r.get("measure_id"), r.get("undo_id")))
    return _effective(proposal, line)


def _effective(proposal: Record, line: Record) -> Record:
    kept = {k: v for k, v in proposal.items() if k not in ("sha256", "previous_sha256", "signed")}
    return kept | line["terms"] | {"approver": line["by"]}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
