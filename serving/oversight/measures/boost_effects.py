"""Effects of measures in force and of won appeals on the answer of the boost gate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from data_contracts.lake import Lake
from data_contracts.storage.torn_tail import tail_start
from serving.ledger.hash_chain import LedgerDamaged, last_digest
from serving.oversight.measures.state import (
    MCN,
    OPERATOR,
    STREAMER,
    Measure,
    MeasureState,
    boost_effect,
)
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.subjects import (
    SUBJECT_WORDS,
    TIER_WORDS,
    Affiliations,
    read_affiliations,
)
from serving.policy.schema import Policy

LEVEL_RANK = {"PASS": 0, "REVIEW": 1, "REJECT": 2}


@dataclass(frozen=True)
class BoostEffects:
    """The effects on one boost at a moment.

    Attributes
    ----------
    measures
        In force against its operator, its streamers or its network.
    possible
        In force against a streamer of the operator, where the session's streamers are not known.
    is_cleared
        The operator won an appeal since the night.
    cleared_session
        The session, where an appeal against an answer about it was won.
    """

    measures: tuple[Measure, ...] = ()
    possible: tuple[Measure, ...] = ()
    is_cleared: bool = False
    cleared_session: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The cache key of an answer that was computed with these effects."""
        if self == NO_EFFECTS:
            return ()
        ids = [m.measure_id for m in self.measures] + [f"?{m.measure_id}" for m in self.possible]
        return (*ids, f"cleared:{self.is_cleared}", f"session:{self.cleared_session}")

    def end_text(self) -> str:
        """The moment until which these effects hold, as answers write it."""
        ends = [m.ended_at() for m in (*self.measures, *self.possible)]
        return min(ends, default=datetime.max).isoformat(timespec="seconds") + "Z"


NO_EFFECTS = BoostEffects()


class MeasureCache:
    """The state of measures, read again when the record, the appeals or the night changes."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.paths = lake, (lake.measures, lake.appeals)
        self.stamp: tuple[object, ...] = ()
        self.ends: dict[Path, tuple[int, str]] = {}  # bytes and head of each record as read last
        self.state, self.affiliations = MeasureState(), Affiliations()

    def current(self, run_id: str = "") -> MeasureState:
        """The state as the records hold it now."""
        stamp = (run_id, *(_file_stamp(path) for path in self.paths))
        if stamp != self.stamp:
            try:
                state = read_measures(self.lake)
                if any(not _goes_on(path, *end) for path, end in self.ends.items()):
                    raise LedgerDamaged("a record lacks lines that it had")
                ends = {p: (size, last_digest(p, size)) for p in self.paths if (size := _size(p))}
            except (LedgerDamaged, OSError):  # what was known goes on, and answers say so
                self.state, self.stamp = replace(self.state, is_intact=False), stamp
                return self.state
            self.state, self.ends = state, ends
            kinds = {m.subject_kind for m in self.state.measures.values()}
            streamers = [
                m.subject_id for m in self.state.measures.values() if m.subject_kind == STREAMER
            ]
            self.affiliations = (
                read_affiliations(self.lake, streamers)
                if kinds & {STREAMER, MCN}
                else Affiliations()
            )
            self.stamp = stamp
        return self.state

    def sizes(self) -> dict[str, int]:
        """Bytes of each record as the state holds it, by file name."""
        stamps = self.stamp[1:] or (None, None)
        return {
            path.name: stamp[1] if isinstance(stamp, tuple) else 0
            for path, stamp in zip(self.paths, stamps, strict=True)
        }

    def effects(
        self,
        operator: str,
        session: str | None,
        streamers: Iterable[str] | None,
        night_as_of: datetime,
        now: datetime,
    ) -> BoostEffects:
        """The effects on a boost at a moment; `current` was called before."""
        state = self.state
        if not (state.measures or state.won_appeals or state.cleared_sessions):
            return NO_EFFECTS
        subjects = self.affiliations.subjects(operator, session, streamers or ())
        of_session = (operator, session) in self.affiliations.streamers_of_session
        unknown = streamers is None and not of_session
        maybe = self.affiliations.streamers_of_operator.get(operator, ()) if unknown else ()
        return BoostEffects(
            tuple(state.against(subjects, now)),
            tuple(state.against([(STREAMER, s) for s in maybe], now)),
            state.clears(operator, night_as_of, now),
            session if state.clears_session(operator, session, now) else None,
        )


def _file_stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:  # no file, or no folder
        return None
    return found.st_mtime_ns, found.st_size


def _size(path: Path) -> int:
    """Bytes of the whole lines of a record, 0 where there is none."""
    return tail_start(path) if path.exists() else 0


def _goes_on(path: Path, size: int, head: str) -> bool:
    """Whether a record still has the lines that ended with a head."""
    return _size(path) >= size and last_digest(path, size) == head


def apply_effects(body: dict[str, Any], effects: BoostEffects, policy: Policy) -> dict[str, Any]:
    """The body of an answer with the measures in force.

    A measure that refuses boosts is a hard gate: REJECT, whatever the night says. One that limits
    asks for a review, and so does one against a streamer who may appear.
    """
    level, action = body["riskLevel"], body["suggestedAction"]
    hits, entries = [], []
    for m, is_possible in (
        *((m, False) for m in effects.measures),
        *((m, True) for m in effects.possible),
    ):
        effect = boost_effect(m.code, policy)
        entries.append(_entry(m, is_possible))
        if effect == "none":
            continue
        own = "REJECT" if effect == "refuse" and not is_possible else "REVIEW"
        level = max(level, own, key=LEVEL_RANK.__getitem__)
        if own == "REJECT":
            action = "block"
        elif m.code == "limit_traffic" and action != "block":
            action = "limit_traffic"
        hits.append(_hit(m, own, is_possible, policy))
    if not entries:
        return body
    return body | {
        "riskLevel": level,
        "suggestedAction": action,
        "hits": hits + body["hits"],
        "measures": entries,
    }


def _entry(m: Measure, is_possible: bool) -> dict[str, Any]:
    return {
        "measureId": m.measure_id,
        "code": m.code,
        "subjectKind": m.subject_kind,
        "subjectId": m.subject_id,
        "article": m.article,
        "effectiveFrom": m.taken_at.isoformat() + "Z",
        "effectiveTo": m.effective_to.isoformat() + "Z",
        "appealDue": m.record["appeal_due"] + "Z",
        "concernsThisSession": None if is_possible else True,
    }


def _hit(m: Measure, level: str, is_possible: bool, policy: Policy) -> dict[str, Any]:
    step = policy.ladder_step(m.code)
    zh, en = SUBJECT_WORDS[m.subject_kind]
    caveat_zh = "；该主播是否出镜未知" if is_possible else ""
    caveat_en = "; whether this streamer appears is not known" if is_possible else ""
    if m.subject_kind != OPERATOR:
        caveat_zh, caveat_en = f"{caveat_zh}；{TIER_WORDS[0]}", f"{caveat_en}; {TIER_WORDS[1]}"
    reason = m.record["reason"]
    return {
        "model": "measure",
        "reasonCode": m.code,
        "reason": {
            "zh": f"{zh} {m.subject_id} 正被采取“{step.zh}”，至 {m.effective_to:%Y-%m-%d %H:%M}："
            f"{reason}。依据：{m.article}{caveat_zh}",
            "en": f"{en} {m.subject_id} is under {step.en} until {m.effective_to:%Y-%m-%d %H:%M}: "
            f"{reason}. Basis: {m.article}{caveat_en}",
        },
        "riskLevel": level,
        "evidence": {
            "signal": "measure_in_force",
            "value": 1.0,
            "unit": "measures",
            "peers": None,
            "window": f"{m.taken_at.isoformat()}/{m.effective_to.isoformat()}",
        },
    }
