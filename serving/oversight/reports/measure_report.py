"""Measures reported to the county and the provincial level (Order 117 Art. 12 ¶3).

Every measure of a code of Art. 12 goes to the county level. Closing of accounts, bars on
registering again and blacklisting go to the provincial level too. What was sent is kept in the
chained record of reports, so that what is still unreported can be told at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.measures.manual_measures import list_measures
from serving.oversight.measures.state import PROPOSED, UNDONE
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.policy.schema import Policy

COUNTY, PROVINCE = "county", "province"
LEVELS = (COUNTY, PROVINCE)
PROVINCIAL_CODES = ("close_account", "bar_reregistration", "blacklist")
REPORTED_FIELDS = (
    *("measure_id", "subject_kind", "subject_id", "code", "counts_as", "reason", "facts"),
    *("article", "policy_version", "effective_from", "effective_to", "status", "outcome"),
    *("ended_at", "by", "approver", "appeal_due"),
)


class BadReport(SteelyardError):
    """A report cannot be made as asked."""

    exit_code = 2


@dataclass(frozen=True)
class Period:
    """Days of a report: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise BadReport("a period ends after it begins")

    def contains(self, moment: str) -> bool:
        """Whether a moment as the record writes it lies in the period."""
        return self.start <= datetime.fromisoformat(moment) < self.end


def is_due(counts_as: str, level: str) -> bool:
    """Whether a measure that counts as a code of Art. 12 is reported to a level."""
    return counts_as in PROVINCIAL_CODES if level == PROVINCE else bool(counts_as)


def measure_report(
    folder: LakeOrFolder, level: str, period: Period, now: datetime, policy: Policy
) -> dict[str, Any]:
    """Measures that people took in a period, for one level, and what is still unreported.

    Parameters
    ----------
    folder
        The lake.
    level
        `county` or `province`.
    period
        The days in which the measures were taken.
    now, policy
        Moment of the report, and the policy in force.

    Returns
    -------
    dict
        `measures` of the period, `still_unreported` (ids, of the period and of before), and
        `undone_after_report` (ids that were reported and undone since).

    Raises
    ------
    BadReport
        The level is unknown.
    """
    if level not in LEVELS:
        raise BadReport(f"--level is one of {', '.join(LEVELS)}, not {level!r}")
    lake = Lake.open(folder)
    taken = [m for m in taken_measures(lake, now) if is_due(_counts_as(m, policy), level)]
    sent = reported_ids(lake, level)
    mine = [m for m in taken if period.contains(m["effective_from"])]
    known = [m for m in taken if datetime.fromisoformat(m["effective_from"]) < period.end]
    return {
        "level": level,
        "from": period.start.date().isoformat(),
        "to": period.end.date().isoformat(),
        "made_at": now.isoformat(timespec="seconds"),
        "basis": policy.cite("duty", "measure_report", period.end.date()),
        "policy_version": policy.version,
        "measures": [
            {k: m.get(k) for k in REPORTED_FIELDS} | {"counts_as": _counts_as(m, policy)}
            for m in mine
            if m["status"] != UNDONE
        ],
        "still_unreported": [
            m["measure_id"] for m in known if m["status"] != UNDONE and m["measure_id"] not in sent
        ],
        "undone_after_report": [
            m["measure_id"] for m in taken if m["status"] == UNDONE and m["measure_id"] in sent
        ],
    }


def taken_measures(folder: LakeOrFolder, now: datetime) -> list[dict[str, Any]]:
    """Measures that took effect. One that waits for another person is not taken yet."""
    return [m for m in list_measures(folder, now) if m["status"] != PROPOSED]


def mark_reported(
    folder: LakeOrFolder, report: dict[str, Any], text: str, by: Author, now: datetime
) -> dict[str, Any]:
    """Record that a report was sent; `text` is the file as it was sent. Returns the record.

    Raises BadReport for a report without a person, NotAuthenticated for one who has no such role.
    """
    lake = Lake.open(folder)
    if not author_name(by).strip():
        raise BadReport("a report that is marked as sent needs --by or --sent-by")
    author = act_author(lake, by, lake.reports, (OFFICER, APPROVER))
    return record_act(
        lake,
        lake.reports,
        {
            "level": report["level"],
            "from": report["from"],
            "to": report["to"],
            "measure_ids": [m["measure_id"] for m in report["measures"]],
            "file_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "by": author.name,
            "at": now.isoformat(timespec="seconds"),
        },
        author,
    )


def reported_ids(lake: Lake, level: str) -> frozenset[str]:
    """Measures that were reported to a level."""
    return frozenset(
        measure_id
        for r in acts_of(lake, lake.reports)
        if r["level"] == level
        for measure_id in r["measure_ids"]
    )


def public_list(measures: Iterable[dict[str, Any]], policy: Policy) -> list[dict[str, Any]]:
    """The public list of measures (E-Commerce Law 36; SAMR 37 30), without grounds and persons.

    Undone measures were never taken, and proposed ones not yet: neither is on it.
    """
    return [
        {
            "measure_id": m["measure_id"],
            "subject_kind": m["subject_kind"],
            "subject_id": m["subject_id"],
            "code": m["code"],
            "zh": policy.ladder_step(m["code"]).zh,
            "en": policy.ladder_step(m["code"]).en,
            "article": m["article"],
            "from": m["effective_from"],
            "to": m["effective_to"],
            "status": m["status"],
            "ended_at": m["ended_at"],
            "appeal_route": m["appeal_route"],
        }
        for m in measures
        if m["status"] not in (PROPOSED, UNDONE)
    ]


def _counts_as(m: dict[str, Any], policy: Policy) -> str:
    """The code of Art. 12; records of earlier versions take that of the ladder."""
    found = m.get("counts_as")
    return policy.ladder_step(m["code"]).counts_as if found is None else str(found)
