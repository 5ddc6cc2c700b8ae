"""Subjects of measures: operators, streamers and networks, and who belongs to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from serving.oversight.measures.state import (
    MCN,
    OPERATOR,
    STREAMER,
    Measure,
    MeasureState,
    boost_effect,
)
from serving.policy.schema import Policy

SUBJECT_WORDS = {
    OPERATOR: ("运营者", "operator"),
    STREAMER: ("主播", "streamer"),
    MCN: ("MCN机构", "network"),
}
# ADR-0378: a tier suggests a measure against the operator, so it counts what the operator did
TIER_WORDS = (
    "运营者的分级只看其自身记录，不因此提高",
    "the operator's tier counts its own record alone and is not raised by it",
)


@dataclass(frozen=True)
class Affiliations:
    """The network of each operator, and the sessions and operators of some streamers.

    Attributes
    ----------
    mcn_of
        Operator → its network.
    streamers_of_session, streamers_of_operator
        Operator and session, or operator → those of the streamers asked for who appeared there.
    """

    mcn_of: dict[str, str] = field(default_factory=dict)
    streamers_of_session: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    streamers_of_operator: dict[str, frozenset[str]] = field(default_factory=dict)

    def subjects(
        self, operator: str, session: str | None = None, streamers: Iterable[str] = ()
    ) -> list[tuple[str, str]]:
        """Subjects (kind, id) that a boost of a session is about."""
        known = self.streamers_of_session.get((operator, session or ""), frozenset())
        found = [(OPERATOR, operator), *((STREAMER, s) for s in sorted({*streamers, *known}))]
        return [*found, (MCN, self.mcn_of[operator])] if operator in self.mcn_of else found


def read_affiliations(lake: Lake, streamers: Iterable[str] = ()) -> Affiliations:
    """Affiliations as delivered until now; sessions only where streamers are asked for."""
    mcn_of = {}
    if lake.files("operators"):
        scan = lake.scan_sql(contract("operators"), None)
        latest = "row_number() OVER (PARTITION BY operator_id ORDER BY received_at DESC) = 1"
        sql = f"SELECT operator_id, mcn_id FROM ({scan}) QUALIFY {latest}"
        mcn_of = {operator: mcn for operator, mcn in _rows(sql) if mcn is not None}
    wanted = sorted(set(streamers))
    if not wanted or not lake.files("sessions"):
        return Affiliations(mcn_of)
    scan = lake.scan_sql(contract("sessions"), None)
    flat = f"SELECT session_id, operator_id, unnest(streamer_ids) AS streamer FROM ({scan})"
    by_session: dict[tuple[str, str], set[str]] = {}
    by_operator: dict[str, set[str]] = {}
    for session, operator, streamer in _rows(
        f"SELECT * FROM ({flat}) WHERE streamer IN $1", wanted
    ):
        by_session.setdefault((operator, session), set()).add(streamer)
        by_operator.setdefault(operator, set()).add(streamer)
    return Affiliations(
        mcn_of,
        {k: frozenset(v) for k, v in by_session.items()},
        {k: frozenset(v) for k, v in by_operator.items()},
    )


def operators_concerned(lake: Lake, subjects: Iterable[tuple[str, str]]) -> set[str]:
    """Operators that some subjects (kind, id) are, or whom they concern.

    A network concerns every operator that was ever delivered as its member, and a streamer every
    operator in whose sessions it appeared.
    """
    wanted = set(subjects)
    found = {name for kind, name in wanted if kind == OPERATOR}
    networks = sorted(name for kind, name in wanted if kind == MCN)
    if networks and lake.files("operators"):
        scan = lake.scan_sql(contract("operators"), None)
        sql = f"SELECT DISTINCT operator_id FROM ({scan}) WHERE mcn_id IN $1"
        found |= {operator for (operator,) in _rows(sql, networks)}
    streamers = [name for kind, name in wanted if kind == STREAMER]
    return found | set(read_affiliations(lake, streamers).streamers_of_operator)


def measures_of_others(
    tables: Mapping[str, Any], state: MeasureState, at: datetime, policy: Policy
) -> dict[str, list[Measure]]:
    """Measures in force against the network or a streamer of each operator, by operator.

    Those that touch boosts count. Operators without any are absent.

    Parameters
    ----------
    tables
        The lake as of the night.
    state, at
        The measures, and the moment at which they are in force.
    policy
        What a measure does to boosts.
    """
    found: dict[str, list[Measure]] = {}
    known = [m for m in state.in_force(at) if boost_effect(m.code, policy) != "none"]
    by_subject: dict[tuple[str, str], list[Measure]] = {}
    for m in known:
        by_subject.setdefault((m.subject_kind, m.subject_id), []).append(m)
    kinds = {kind for kind, _ in by_subject}
    pairs: set[tuple[str, str, str]] = set()
    if MCN in kinds and "operators" in tables:
        o = tables["operators"].select("operator_id", "mcn_id").to_pandas().dropna()
        pairs |= {(MCN, n, str(who)) for who, n in o.itertuples(index=False)}
    if STREAMER in kinds and "sessions" in tables:
        s = tables["sessions"].select("operator_id", "streamer_ids").to_pandas()
        s = s.explode("streamer_ids").dropna().drop_duplicates()
        pairs |= {(STREAMER, name, str(who)) for who, name in s.itertuples(index=False)}
    for kind, name, operator in sorted(pairs):
        if (kind, name) in by_subject:
            found.setdefault(operator, []).extend(by_subject[kind, name])
    return found


def words_of_others(measures: Iterable[Measure], policy: Policy) -> list[dict[str, str]]:
    """Measures against others as the reason of a decision keeps them, with words in zh and en."""
    out = []
    for m in measures:
        step, (zh, en) = policy.ladder_step(m.code), SUBJECT_WORDS[m.subject_kind]
        until = f"{m.effective_to:%Y-%m-%d %H:%M}"
        out.append(
            {
                "measure_id": m.measure_id,
                "subject_kind": m.subject_kind,
                "subject_id": m.subject_id,
                "code": m.code,
                "zh": f"{zh} {m.subject_id} 正被采取“{step.zh}”，至 {until}，"
                f"投流请求受其限制；{TIER_WORDS[0]}",
                "en": f"{en} {m.subject_id} is under {step.en} until {until}, "
                f"which bears on boosts; {TIER_WORDS[1]}",
            }
        )
    return out


def is_known(lake: Lake, kind: str, subject: str) -> bool:
    """Whether a streamer or a network was delivered."""
    if kind == STREAMER:
        return bool(read_affiliations(lake, [subject]).streamers_of_operator)
    return kind == MCN and subject in set(read_affiliations(lake).mcn_of.values())


def _rows(sql: str, *parameters: object) -> list[tuple]:
    with connect() as connection:
        return connection.execute(sql, list(parameters)).fetchall()
