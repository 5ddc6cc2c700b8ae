"""Subjects of measures: operators, streamers and networks, and who belongs to whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from serving.oversight.measures.state import MCN, OPERATOR, STREAMER


@dataclass(frozen=True)
class Affiliations:
    """The network of each operator, and the sessions and operators of some streamers.

    Attributes
    ----------
    mcn_of
        Operator → its network.
    streamers_of_session, streamers_of_operator
        Session, or operator → those of the streamers asked for who appeared there.
    """

    mcn_of: dict[str, str] = field(default_factory=dict)
    streamers_of_session: dict[str, frozenset[str]] = field(default_factory=dict)
    streamers_of_operator: dict[str, frozenset[str]] = field(default_factory=dict)

    def subjects(
        self, operator: str, session: str | None = None, streamers: Iterable[str] = ()
    ) -> list[tuple[str, str]]:
        """Subjects (kind, id) that a boost of a session is about."""
        known = self.streamers_of_session.get(session or "", frozenset())
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
    by_session: dict[str, set[str]] = {}
    by_operator: dict[str, set[str]] = {}
    for session, operator, streamer in _rows(
        f"SELECT * FROM ({flat}) WHERE streamer IN $1", wanted
    ):
        by_session.setdefault(session, set()).add(streamer)
        by_operator.setdefault(operator, set()).add(streamer)
    return Affiliations(
        mcn_of,
        {k: frozenset(v) for k, v in by_session.items()},
        {k: frozenset(v) for k, v in by_operator.items()},
    )


def is_known(lake: Lake, kind: str, subject: str) -> bool:
    """Whether a streamer or a network was delivered."""
    if kind == STREAMER:
        return bool(read_affiliations(lake, [subject]).streamers_of_operator)
    return kind == MCN and subject in set(read_affiliations(lake).mcn_of.values())


def _rows(sql: str, *parameters: object) -> list[tuple]:
    with connect() as connection:
        return connection.execute(sql, list(parameters)).fetchall()
