"""Minutes and sessions made of counters: expressions and queries for the map."""

from __future__ import annotations

from data_contracts.intake.mapping import Map, MappedColumn, MappedTable
from data_contracts.intake.profiling.assignment import Assignment
from data_contracts.intake.profiling.zones import Guess
from data_contracts.intake.sources.relation import quote

# A pause of half an hour between two counters of a room ends its session.
PAUSE_MINUTES = 30


def read_moment(column: str) -> str:
    """SQL of a counter's moment, by the clock of its source."""
    return f"read_time({quote(column)})"


def minutes_since_start(session: str, moment: str) -> str:
    """SQL of the minutes since the first counter of a session."""
    at = read_moment(moment)
    return f"date_diff('minute', min({at}) OVER (PARTITION BY {quote(session)}), {at})"


def minutes_since_session(source: str, session: str, sessions: str, key: str, start: str) -> str:
    """Query of counters with the start of their session, which another source has."""
    return (
        f"SELECT c.*, s.{quote(start)} AS session_start FROM {quote(source)} c "
        f"LEFT JOIN {quote(sessions)} s ON CAST(c.{quote(session)} AS VARCHAR) = "
        f"CAST(s.{quote(key)} AS VARCHAR)"
    )


def cut_into_sessions(source: str, room: str, moment: str) -> str:
    """Query of the counters of rooms, with a `session_id` that changes at every pause."""
    at, by = read_moment(moment), f"PARTITION BY {quote(room)} ORDER BY {read_moment(moment)}"
    opens = f"COALESCE({at} - lag({at}) OVER ({by}) > INTERVAL {PAUSE_MINUTES} MINUTE, TRUE)"
    start = "max(CASE WHEN opens THEN moment END) OVER (PARTITION BY room_of_row ORDER BY moment)"
    return (
        "SELECT * EXCLUDE (opens, moment, room_of_row), room_of_row || '-' || "
        f"strftime({start}, '%Y%m%dT%H%M') AS session_id FROM (SELECT *, {at} AS moment, "
        f"CAST({quote(room)} AS VARCHAR) AS room_of_row, {opens} AS opens FROM {quote(source)})"
    )


def sessions_of_minutes(rows: str, session: str, moment: str, kept: dict[str, str]) -> str:
    """Query of one row a session, from its first counter to a minute after its last."""
    at = read_moment(moment)
    columns = "".join(f", any_value({quote(c)}) AS {quote(n)}" for n, c in kept.items())
    return (
        f"SELECT {quote(session)} AS session_id{columns}, min({at}) AS started_at, "
        f"max({at}) + INTERVAL 1 MINUTE AS ended_at FROM ({rows}) GROUP BY {quote(session)}"
    )


def shape_minutes(
    given: Map, reasons: dict[str, Guess], found: Assignment, sessions: Assignment | None
) -> None:
    """Give counters a session and a minute since its start, where they have only a moment."""
    mapped, place = given.tables["room_minutes"], "tables.room_minutes"
    if found.moment is None:
        return
    if "session_id" not in mapped.columns and "room_id" in found.session:
        room = found.session["room_id"].text
        mapped.query, mapped.source = cut_into_sessions(found.source, room, found.moment), None
        mapped.columns["session_id"] = _column("session_id")
        reasons[f"{place}.query"] = Guess(None, 0.7, f"{room} is cut into sessions where it pauses")
    if "minute" in mapped.columns:
        return
    session = mapped.columns["session_id"].from_ if "session_id" in mapped.columns else None
    start = sessions.columns.get("started_at") if sessions else None
    key = sessions.columns.get("session_id") if sessions else None
    if session is None:
        return
    if mapped.query is None and sessions is not None and start is not None and key is not None:
        mapped.query = minutes_since_session(
            found.source, session, sessions.source, key.text, start.text
        )
        mapped.source = None
        at = read_moment(found.moment)
        text = f"greatest(date_diff('minute', {read_moment('session_start')}, {at}), 0)"
        why = f"minutes of {found.moment} since the session's {start.text} in {sessions.source}"
    else:
        text = minutes_since_start(session, found.moment)
        why = f"minutes of {found.moment} since the session's first counter"
    mapped.columns["minute"] = _column(text)
    reasons[f"{place}.columns.minute"] = Guess(text, 0.9, why)


def operator_reason(minutes: Assignment) -> Guess:
    """Whom the sessions that are made of counters belong to, and why."""
    named = minutes.session.get("operator_id")
    if named is not None:
        return Guess(named.text, named.confidence, named.why)
    room = minutes.session["room_id"].text
    return Guess(room, 0.6, f"no operator is named; {room} is the room, which counts as one")


def derive_sessions(given: Map, reasons: dict[str, Guess], minutes: Assignment) -> None:
    """Make sessions of counters, where no source has them and an operator is named."""
    mapped, operator = given.tables["room_minutes"], minutes.session.get("operator_id")
    operator = operator or minutes.session.get("room_id")
    if minutes.moment is None or operator is None or "session_id" not in mapped.columns:
        return
    rows = mapped.query or f"SELECT * FROM {quote(str(mapped.source))}"
    others = {n: g.text for n, g in minutes.session.items() if n != "operator_id"}
    kept = {"operator_id": operator.text} | others
    session = mapped.columns["session_id"].from_
    place = "tables.sessions.columns.operator_id"
    reasons[place] = operator_reason(minutes)
    made = MappedTable(
        query=sessions_of_minutes(rows, session, minutes.moment, kept),
        zone=mapped.zone,
        received_at="ended_at",
        columns={n: _column(n) for n in ("session_id", *kept, "started_at", "ended_at")},
    )
    given.tables = {"sessions": made} | given.tables
    why = f"no source has sessions; they are made of the counters of {minutes.source}"
    reasons["tables.sessions.query"] = Guess(None, 0.8, why)
    # the zone of counters is asked once: an answer for one is an answer for both
    for question in given.questions:
        if question.sets == "tables.room_minutes.zone":
            given.questions.append(question.model_copy(update={"sets": "tables.sessions.zone"}))
            break


def _column(text: str) -> MappedColumn:
    return MappedColumn.model_validate({"from": text})
