"""Appeals against measures that people took. A won one lifts the measure (`state.py`)."""

from __future__ import annotations

from datetime import datetime

from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.appeals.appeal_record import (
    Appeal,
    BadAppeal,
    Opening,
    append_opened,
    list_appeals,
)
from serving.oversight.measures.state import OPERATOR, PROPOSED, UNDONE
from serving.oversight.measures.state_reading import read_measures
from serving.policy.schema import Policy


def open_measure_appeal(
    folder: LakeOrFolder, measure_id: str, ground: str, by: str, now: datetime, policy: Policy
) -> Appeal:
    """Open an appeal against a measure that people took.

    Raises
    ------
    BadAppeal
        The measure is not known or undone, its appeal is open already, or the time to appeal is
        over. Nothing is written then.
    """
    lake = Lake.open(folder)
    measure = read_measures(lake).measures.get(measure_id)
    if measure is None or measure.status(now) in (UNDONE, PROPOSED):
        state = "took no effect" if measure is None else f"is {measure.status(now)}"
        raise BadAppeal(
            f"measure {measure_id} {state}; list them with: steelyard measure list {lake}"
        )
    if not ground.strip() or not by.strip():
        raise BadAppeal("an appeal needs its --ground and who opens it, --by")
    due = measure.record["appeal_due"]
    if now.isoformat(timespec="seconds") > due:
        raise BadAppeal(f"the time to appeal against {measure_id} ended on {due}")
    if any(a.measure_id == measure_id and a.verdict is None for a in list_appeals(lake, now)):
        raise BadAppeal(f"an appeal against {measure_id} is open already")
    day = measure.taken_at.date().isoformat()
    opening = Opening(measure_id, day, measure.record.get("tier") or "", ground, by)
    about = {
        "operator_id": measure.subject_id if measure.subject_kind == OPERATOR else None,
        "measure_id": measure_id,
    }
    return append_opened(lake, opening, measure.record, about, now, policy)
