"""Whether the gate sees what the night sees: LIVE signals online and offline, session by session.

Online values come from the minutes that the gate keeps of a session. Offline values come from the
lake as it is known at the end of a night. ADR-0241.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
import pandas as pd

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.storage.durable_files import write_durably
from features.catalogue import CATALOGUE
from features.declaration import LIVE, SESSION, Signal
from features.engine.compute import compute
from features.engine.kernel_runner import run_kernels
from features.engine.snapshot import Snapshot
from serving.gate.dependencies.minute_rows import MinutesInvalid, rows_from_blob
from serving.gate.protocol.private_files import PRIVATE_FILE, PRIVATE_FOLDER
from serving.scoring.scope import moment_of

DEFAULT_SAMPLE_SESSIONS = 1_000


@dataclass(frozen=True)
class SignalParity:
    """One LIVE signal over the sessions of a sample.

    Parameters
    ----------
    signal
        Its name.
    equal
        Sessions with the same value, bit for bit, or with none on both sides.
    missing
        Sessions whose value only the night knows.
    extra
        Sessions whose value only the gate knows.
    different
        Sessions with two values.
    largest_delta
        The largest difference, in the unit of the signal; None without one.
    """

    signal: str
    equal: int
    missing: int
    extra: int
    different: int
    largest_delta: float | None


@dataclass(frozen=True)
class Parity:
    """The comparison of a night: sessions in the sample, those that only one side has, signals."""

    night: date
    sessions: int
    only_online: int
    only_offline: int
    signals: list[SignalParity]

    @property
    def holds(self) -> bool:
        """Whether every value of every session of the sample is equal."""
        return all(s.equal == self.sessions for s in self.signals)


def online_minutes(lake: Lake) -> dict[str, np.ndarray]:
    """Counters that the gate keeps, by session: float64 of shape (minutes, 15).

    Raises
    ------
    LakeProblem
        The lake has no file of minutes, or it cannot be read.
    """
    if not lake.running_minutes.exists():
        raise LakeProblem(
            f"{lake} has no minutes of a gate. Minutes in a Redis are not compared; "
            "serve with a file, or put minutes first: PUT /v1/sessions/{id}/minutes"
        )
    try:
        with closing(sqlite3.connect(f"file:{lake.running_minutes}?mode=ro", uri=True)) as opened:
            rows = opened.execute("SELECT session, rows FROM running").fetchall()
        return {session: rows_from_blob(blob) for session, blob in rows}
    except (sqlite3.Error, MinutesInvalid) as error:
        raise LakeProblem(f"{lake.running_minutes} cannot be read: {error}") from error


def online_values(minutes: dict[str, np.ndarray], signals: list[Signal]) -> pd.DataFrame:
    """Values of LIVE signals as the gate computes them, indexed by session."""
    lengths = [len(rows) for rows in minutes.values()]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    counters = np.concatenate(list(minutes.values()))
    values = run_kernels(counters, offsets, tuple(signals))
    return pd.DataFrame(values, index=list(minutes), columns=[s.name for s in signals])


def compare_values(online: pd.DataFrame, offline: pd.DataFrame) -> Iterator[SignalParity]:
    """The parity of each column of two frames of the same sessions.

    Examples
    --------
    >>> a = pd.DataFrame({"x": [1.0, np.nan, 2.0]})
    >>> b = pd.DataFrame({"x": [1.0, 3.0, 2.5]})
    >>> next(compare_values(a, b))
    SignalParity(signal='x', equal=1, missing=1, extra=0, different=1, largest_delta=0.5)
    """
    for name in online.columns:
        gate, night = online[name].to_numpy(float), offline[name].to_numpy(float)
        equal = (gate == night) | (np.isnan(gate) & np.isnan(night))
        missing, extra = np.isnan(gate) & ~np.isnan(night), ~np.isnan(gate) & np.isnan(night)
        different = ~(equal | missing | extra)
        deltas = np.abs(gate - night)[different]
        yield SignalParity(
            name,
            int(equal.sum()),
            int(missing.sum()),
            int(extra.sum()),
            int(different.sum()),
            float(deltas.max()) if len(deltas) else None,
        )


def parity_of_night(
    lake: LakeOrFolder, night: date, max_sessions: int = DEFAULT_SAMPLE_SESSIONS
) -> Parity:
    """Compare LIVE signals online with offline, over sessions that both know.

    Parameters
    ----------
    lake
        The lake that the gate served and the night scored.
    night
        The lake as it is known at the end of this night is the offline side.
    max_sessions
        Sessions in the sample; which ones is decided by the digest of their ids.
    """
    lake = Lake.open(lake)
    minutes = online_minutes(lake)
    signals = [s for s in CATALOGUE if s.entity == SESSION and s.freshness == LIVE]
    tables = Snapshot.open(lake, moment_of(night))
    if "room_minutes" not in tables:
        raise LakeProblem(f"{lake} has no room_minutes, so a night knows no minute of a session")
    known = tables["room_minutes"].select("session_id").distinct().to_pandas()["session_id"]
    both = sorted(set(minutes) & set(known), key=lambda s: hashlib.sha256(s.encode()).digest())[
        :max_sessions
    ]
    if not both:
        raise LakeProblem(f"no session of the gate is in the lake at the end of {night}")
    online = online_values({session: minutes[session] for session in both}, signals)
    offline = compute(tables, signals, SESSION, only=both).loc[both, online.columns]
    return Parity(
        night,
        len(both),
        len(set(minutes) - set(known)),
        len(set(known) - set(minutes)),
        list(compare_values(online, offline)),
    )


def keep_parity(lake: LakeOrFolder, night: date) -> Parity | None:
    """Compare a night with the gate once, and keep the result for its report; ids are not kept.

    Returns
    -------
    Parity | None
        None where the lake has no gate, or where the night was compared before.

    Raises
    ------
    LakeProblem
        The gate and the lake have no session in common, or minutes cannot be read.
    """
    lake = Lake.open(lake)
    path = lake.parity(night)
    if path.exists() or not lake.running_minutes.exists():
        return None
    found = parity_of_night(lake, night)
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    kept = asdict(found) | {"night": night.isoformat(), "equal": found.holds}
    write_durably(path, json.dumps(kept, indent=1).encode(), PRIVATE_FILE)
    return found
