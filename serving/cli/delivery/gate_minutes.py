"""Minutes of running sessions, put to the gate as they come in."""

from __future__ import annotations

import json
import math
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from features.engine.minute_kernels import COLUMNS

MAX_TRIES, FIRST_WAIT_SECONDS, TIMEOUT_SECONDS = 5, 0.5, 10.0
# The minute and its counters, as the gate takes them: it knows itself what was granted.
COUNTERS = {"minute", *COLUMNS} - {"granted"}
FIRST_REFUSED_STATUS = 400  # and above, to below 500: asking again changes nothing


class GateMinutes:
    """Puts the minutes of each batch to a gate. A minute that is put again replaces the old one.

    The operator of a session is that of its row in `sessions`, in the stream or in the lake. A
    gate that does not answer holds nothing up: the minutes are in the lake, and the gate says that
    it has none.

    Parameters
    ----------
    url
        Of the gate, such as `http://127.0.0.1:3000`.
    key
        API key.
    lake
        The lake whose sessions name operators.
    say
        Called with what could not be put.
    """

    def __init__(self, url: str, key: str, lake: Lake, say: Callable[[str], None]) -> None:
        self.url, self.key, self.lake, self.say = url.rstrip("/"), key, lake, say
        self.operators: dict[str, str] = {}
        self.waiting: dict[str, list[dict[str, Any]]] = {}
        self.put = 0

    def see(self, table: str, rows: Path) -> None:
        """Take note of minutes, and of the operators of sessions."""
        if table == "sessions":
            found = pq.read_table(rows, columns=["session_id", "operator_id"]).to_pylist()
            self.operators |= {row["session_id"]: row["operator_id"] for row in found}
        if table == "room_minutes":
            counters = [c.name for c in contract(table).columns if c.name in COUNTERS]
            for row in pq.read_table(rows, columns=["session_id", *counters]).to_pylist():
                known = {k: v for k, v in row.items() if k in counters and _is_known(v)}
                self.waiting.setdefault(row["session_id"], []).append(known)

    def merged(self) -> None:
        """Put what was seen, one request a session."""
        self._look_up(set(self.waiting) - set(self.operators))
        for session, minutes in self.waiting.items():
            if session not in self.operators:
                self.say(f"{session}: no row of sessions names its operator; minutes are not put")
            elif self._request(session, minutes):
                self.put += len(minutes)
        self.waiting.clear()

    def _look_up(self, unknown: set[str]) -> None:
        """Find operators of sessions in the lake."""
        if not unknown or not self.lake.files("sessions"):
            return
        sessions = self.lake.scan_sql(contract("sessions"), None)
        with connect() as connection:
            self.operators |= dict(
                connection.execute(
                    f"SELECT session_id, operator_id FROM ({sessions}) WHERE session_id IN $1",
                    [sorted(unknown)],
                ).fetchall()
            )

    def _request(self, session: str, minutes: list[dict[str, Any]]) -> bool:
        """Put minutes of one session; False where the gate refuses them or does not answer."""
        body = json.dumps({"operatorId": self.operators[session], "minutes": minutes}).encode()
        request = urllib.request.Request(
            f"{self.url}/v1/sessions/{quote(session, safe='')}/minutes",
            body,
            {"content-type": "application/json", "X-API-Key": self.key},
            method="PUT",
        )
        reason = ""
        for attempt in range(MAX_TRIES):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
                    return True
            except urllib.error.HTTPError as error:
                reason = f"{error.code} {error.read()[:200].decode('utf-8', 'replace')}"
                if (
                    FIRST_REFUSED_STATUS <= error.code < FIRST_REFUSED_STATUS + 100
                    and error.code != 429
                ):
                    break
            except OSError as error:
                reason = str(error)
            if attempt + 1 < MAX_TRIES:
                time.sleep(FIRST_WAIT_SECONDS * 2**attempt)
        self.say(f"{session}: {len(minutes)} minutes were not put to the gate: {reason}")
        return False


def _is_known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))
