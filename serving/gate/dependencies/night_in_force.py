"""The night that the gate answers from; it is kept when a newer one is unusable."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from data_contracts.lake import Lake
from data_contracts.runs import published_runs
from serving.gate.assessments.gaps import MAX_CLOCK_SKEW
from serving.gate.night_cache import NO_NIGHT, PublishedNight, read_published_night
from serving.scoring.nightly_models import own_models
from serving.scoring.scope import moment_of

LOOK_SECONDS = 0.2  # between looks at the pointer
RETRY_SECONDS = 5.0  # until a night that could not be read is read again


def choose_night(
    nights: Mapping[str, str],
    own_models_of: Callable[[str], frozenset[str]],
    now: datetime,
    stale_hours: float,
) -> tuple[str, tuple[str, ...]]:
    """Date of the night to answer from, and the gaps that its choice leaves.

    The latest night is in force unless it is dated in the future or lacks own models. Where an
    earlier night had them, that one stays in force until it is stale. ADR-0211.

    Parameters
    ----------
    nights
        Date to run id of the published nights; not empty.
    own_models_of
        Names of the platform's own models of a run.
    now, stale_hours
        The moment, and the age from which a night is stale.
    """
    past = [d for d in sorted(nights) if _as_of(d) - now <= MAX_CLOCK_SKEW]
    if not past:
        return max(nights), ("night_in_future",)
    gaps = ("night_in_future",) if len(past) < len(nights) else ()
    latest, bound = past[-1], now - timedelta(hours=stale_hours)
    models = own_models_of(nights[latest])
    for earlier in reversed(past[:-1]):
        if _as_of(earlier) < bound:
            break
        if own_models_of(nights[earlier]) - models:
            return earlier, (*gaps, "night_without_models")
    return latest, gaps


def _as_of(night: str) -> datetime:
    return moment_of(date.fromisoformat(night))


class NightCache:
    """The night in force. It is looked for and read in a thread aside, so that no check waits.

    A night that cannot be read leaves the one that is loaded in force, and is named as a gap.
    """

    def __init__(self, lake: Lake, stale_hours: float, now: Callable[[], datetime]) -> None:
        self.lake, self.stale_hours, self.now = lake, stale_hours, now
        self.state = NO_NIGHT
        self.read: tuple[str, str] | None = None  # date and run of the state
        self.unreadable: dict[tuple[str, str], float] = {}  # and when to try again
        self.models: dict[str, frozenset[str]] = {}
        self.look_at, self.looking = 0.0, threading.Lock()
        self.was_fresh = self.has_later_delivery = False
        self.refresh()

    def current(self) -> PublishedNight:
        """The night in force, from memory."""
        if time.monotonic() >= self.look_at and not self.looking.locked():
            self.look_at = time.monotonic() + LOOK_SECONDS
            threading.Thread(target=self.refresh, name="night", daemon=True).start()
        return self.state

    def refresh(self) -> None:
        """Look for another night and read it; nothing happens while another thread does."""
        if not self.looking.acquire(blocking=False):
            return
        try:
            self._refresh()
            self._look_for_deliveries()
        finally:
            self.look_at = time.monotonic() + LOOK_SECONDS
            self.looking.release()

    def _refresh(self) -> None:
        try:
            nights = published_runs(self.lake)
            named = bool(nights) or self.lake.published_pointer.exists()
        except Exception:  # the pointer is no such, whatever it is
            nights, named = {}, True
        skipped = False
        while nights:
            try:
                night, gaps = choose_night(nights, self._own_models, self.now(), self.stale_hours)
            except Exception:  # a date or a manifest is no such, whatever it is
                break
            chosen = night, nights.pop(night)
            if chosen == self.read or self._load(chosen):
                self._set_gaps((*gaps, "night_unreadable") if skipped else gaps)
                return
            if self.read is not None:  # the loaded night is better than one before the newest
                break
            skipped = True
        if self.read is not None or named:
            self._set_gaps(
                ("night_unreadable",) if self.read else ("night_missing", "night_unreadable")
            )

    def _look_for_deliveries(self) -> None:
        """Whether the night was fresh here, and whether the lake went on without it."""
        if self.read is None or self.was_fresh:
            return
        self.was_fresh = self.now() - self.state.as_of <= timedelta(hours=self.stale_hours)
        newest = self.lake.newest_day()
        self.has_later_delivery = newest is not None and newest.isoformat() > self.read[0]

    @property
    def can_be_replaced(self) -> bool:
        """Whether a later night is due: the lake went on, or time did while this one served."""
        return self.was_fresh or self.has_later_delivery

    def _load(self, chosen: tuple[str, str]) -> bool:
        """Read a night; False when it cannot be read."""
        if time.monotonic() < self.unreadable.get(chosen, 0.0):
            return False
        try:
            state = read_published_night(self.lake, chosen[0])
        except Exception:  # whatever is wrong with it, the loaded night answers
            self.unreadable[chosen] = time.monotonic() + RETRY_SECONDS
            return False
        self.state, self.read = state, chosen
        self.unreadable.clear()
        return True

    def _set_gaps(self, gaps: tuple[str, ...]) -> None:
        if self.state.gaps != gaps:
            self.state = replace(self.state, gaps=gaps)

    def _own_models(self, run_id: str) -> frozenset[str]:
        if run_id not in self.models:
            manifest = (self.lake.run(run_id) / "manifest.json").read_text("utf-8")
            self.models[run_id] = own_models(json.loads(manifest))
        return self.models[run_id]
