"""Nights that a process has read: pages ask for one, and the first that does waits for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from data_contracts.errors import LakeProblem, SteelyardError
from data_contracts.lake import Lake
from data_contracts.runs import published_runs
from data_contracts.verification.run_opening import open_run
from serving.dossiers.lists.night_search import prepare_search
from serving.dossiers.night_tables import SIGNAL_KINDS, NightTables, load_night
from serving.dossiers.signal_evidence import peer_signals

MAX_NIGHTS_IN_MEMORY = 3


@dataclass
class Nights:
    """The nights that are in memory, the least recently asked first.

    Attributes
    ----------
    loaded
        Nights by lake and run id.
    reading
        A lock for each night that is being read, so that pages of other nights need not wait.
    """

    loaded: OrderedDict[tuple[str, str], NightTables] = field(default_factory=OrderedDict)
    reading: dict[tuple[str, str], threading.Lock] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, lake: Lake, night: date | None = None) -> NightTables:
        """The tables of a published night, the latest when None.

        Raises
        ------
        LakeProblem
            No night is published, or none of that date.
        NightRefused
            The night is not what was published.
        """
        published = published_runs(lake)
        wanted = night.isoformat() if night else max(published, default=None)
        if wanted is None or wanted not in published:
            raise LakeProblem(f"{lake} has no published night{f' of {wanted}' if wanted else ''}")
        key = (str(lake.root), published[wanted])
        with self.lock:
            reading = self.reading.setdefault(key, threading.Lock())
        with reading:
            found = self._loaded(key)
            if found is None:
                run = open_run(lake, published[wanted], wanted)
                found = load_night(lake, date.fromisoformat(wanted), run)
                self.keep(key, found)
        return found

    def _loaded(self, key: tuple[str, str]) -> NightTables | None:
        """A night that is in memory; it is the last to go from now on."""
        with self.lock:
            if key in self.loaded:
                self.loaded.move_to_end(key)
            return self.loaded.get(key)

    def keep(self, key: tuple[str, str], night: NightTables) -> None:
        """Keep a night, and let go the one that was asked least recently."""
        with self.lock:
            self.loaded[key] = night
            while len(self.loaded) > MAX_NIGHTS_IN_MEMORY:
                gone, _night = self.loaded.popitem(last=False)
                self.reading.pop(gone, None)


NIGHTS = Nights()  # of this process


def read_ahead(lake: Lake) -> threading.Thread:
    """Read the latest night in a thread, so that the first page need not wait for it.

    A lake without a night, or with a damaged one, is left to the pages, which say so.
    """

    def read() -> None:
        with suppress(SteelyardError, OSError):
            tables = NIGHTS.open(lake)
            for kind in SIGNAL_KINDS:  # the first dossier and the first search would wait
                peer_signals(tables, kind)
            prepare_search(tables)

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    return thread
