"""Honest views from people's days: blocks of phone time in which they flip through the rooms."""

from __future__ import annotations

import numpy as np

from simulation.families.event_delivery.tables import EventTable, spans
from simulation.families.small_region.county import County
from simulation.families.small_region.rooms import Operators, Sessions, open_by_slot
from simulation.families.small_region.settings import (
    BOOST,
    DAY,
    DAYS,
    DIRECT,
    FEED,
    FOLLOW,
    HOUR,
    MINUTE,
    OPERATORS,
    RAID,
    SHARE,
    SLOT_SECONDS,
    Settings,
)

MAX_STOPS = 6
HOURS_OF_TYPE = np.array([[6.3, 0.9], [12.6, 1.0], [20.0, 1.3]])  # mean and spread of a block


def view_table() -> EventTable:
    """An empty table of views; scheme 0 is honest."""
    return EventTable(
        session=-1,
        account=-1,
        joined=0.0,
        left=0.0,
        source=-1,
        net=-1,
        asn=-1,
        device=-1,
        scheme=0,
    )


class Diaries:
    """Draws what everybody watches on each of the days."""

    def __init__(
        self,
        rng: np.random.Generator,
        settings: Settings,
        county: County,
        operators: Operators,
        sessions: Sessions,
    ) -> None:
        self.rng, self.settings, self.county = rng, settings, county
        self.operators, self.sessions = operators, sessions
        self.open = open_by_slot(settings, sessions)
        self.near = np.where(
            operators.township[None, :] == np.arange(settings.townships)[:, None], 2.5, 1.0
        ) * np.exp(rng.normal(0, 0.5, (settings.townships, OPERATORS)))
        self.raids: list[tuple[int, int, float, int]] = []
        self.boosted: dict[int, tuple[float, float]] = {}

    def write(self, views: EventTable) -> None:
        """Append all honest views."""
        self._grant_boosts()
        person, clock, until = self._blocks()
        restless = self.rng.beta(2, 4, len(self.county))
        for stop in range(MAX_STOPS):
            session, source = self._choose(person, clock, stop)
            found = session >= 0
            stay = self._stays(session, stop)
            left = np.minimum(clock + stay, self.sessions.ended[session])
            self._append(views, found, session, person, clock, left, source)
            clock = np.where(found, left + self.rng.exponential(9, len(left)), clock + 500)
            goes_on = (clock < until) & (self.rng.random(len(clock)) > restless[person] * 0.7)
            person, clock, until = person[goes_on], clock[goes_on], until[goes_on]
        self._attend(views)
        self._raid(views)
        self._visit_each_other(views)

    def _append(self, views: EventTable, rows: np.ndarray, *columns: np.ndarray) -> None:
        """Append the chosen rows of (session, person, joined, left, source)."""
        session, person, joined, left, source = (c[rows] for c in columns)
        views.append(
            len(session),
            session=session,
            account=person,
            joined=joined,
            left=np.maximum(left, joined),
            source=source,
        )

    def _blocks(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Person, start and end of each block of phone time."""
        rng, county = self.rng, self.county
        weather = np.exp(rng.normal(0, 0.2, DAYS))  # rain keeps everybody at home
        free = county.leisure[: county.honest, None] * weather * self.settings.blocks_per_day
        owner, _ = spans(rng.poisson(free).ravel())
        person, day = owner // DAYS, owner % DAYS
        kind = np.where(rng.random(len(person)) < 0.65, county.chronotype[person], 2)
        hour = HOURS_OF_TYPE[kind, 0] + rng.normal(0, 1, len(kind)) * HOURS_OF_TYPE[kind, 1]
        clock = self.settings.start + day * DAY + np.clip(hour, 0.2, 23.7) * HOUR
        clock += rng.uniform(0, 60, len(clock))
        return person, clock, clock + rng.lognormal(np.log(17), 0.9, len(clock)) * MINUTE

    def _choose(
        self, person: np.ndarray, clock: np.ndarray, stop: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Room and way in for each person: one of kin that is open, else what the feed shows."""
        rng, county, sessions = self.rng, self.county, self.sessions
        session, source = np.full(len(person), -1), np.full(len(person), FEED)
        slot = ((clock - self.settings.start) // SLOT_SECONDS).astype(int)
        order = np.argsort(slot, kind="stable")
        edges = np.searchsorted(slot[order], np.arange(len(self.open) + 1))
        for s, live in enumerate(self.open):
            rows = order[edges[s] : edges[s + 1]]
            if not len(rows) or not len(live):
                continue
            who = person[rows]
            weight = self.near[county.township[who]][:, sessions.operator[live]]
            weight = (
                weight
                * sessions.pull[live]
                * self._boost(live, self.settings.start + s * SLOT_SECONDS)
            )
            tied = (county.ties[who][:, :, None] == sessions.operator[live]).any(1)
            weight = weight * np.where(tied, 5.0, 1.0)
            total = np.cumsum(weight, 1)
            place = (total < rng.random((len(rows), 1)) * total[:, -1:]).sum(1)
            session[rows] = live[place]
            knows = tied[np.arange(len(rows)), place]
            source[rows] = np.where(knows, rng.choice([FOLLOW, SHARE, DIRECT], len(rows)), FEED)
        if stop == 0:
            source = np.where(rng.random(len(source)) < 0.12, SHARE, source)
        paid = np.isin(session, list(self.boosted)) & (source == FEED)
        return session, np.where(paid & (rng.random(len(source)) < 0.5), BOOST, source)

    def _grant_boosts(self) -> None:
        """Choose sessions that the platform boosts for an hour."""
        rng, sessions = self.rng, self.sessions
        lucky = rng.random(len(sessions)) < self.operators.boosts[sessions.operator]
        for session in np.flatnonzero(lucky & (sessions.tag == 0)):
            begin = float(sessions.started[session] + rng.uniform(0, 1_800))
            until = min(begin + HOUR, float(sessions.ended[session]))
            if until > begin:
                self.boosted[int(session)] = (begin, until)

    def _boost(self, live: np.ndarray, at: float) -> np.ndarray:
        """Factor on the pull of each live session at a moment."""
        spans_of = [self.boosted.get(int(s), (np.inf, 0.0)) for s in live]
        return np.array([2.5 if begin <= at < until else 1.0 for begin, until in spans_of])

    def _stays(self, session: np.ndarray, stop: int) -> np.ndarray:
        """Seconds of each stop; the first of a block is the longest."""
        rng, operators = self.rng, self.operators
        median = (
            150.0 * operators.stick[self.sessions.operator[session]] * (1.6 if stop == 0 else 1)
        )
        stay = rng.lognormal(np.log(median), 1.1)
        swiped = rng.random(len(session)) < 0.18
        return np.where(swiped, rng.uniform(0.7, 7, len(session)), stay)

    def _attend(self, views: EventTable) -> None:
        """Weddings and festivals: a township watches by the link in its groups, for long."""
        rng, county, sessions = self.rng, self.county, self.sessions
        for session in np.flatnonzero(sessions.guests_of >= 0):
            locals_ = np.flatnonzero(
                county.township[: county.honest] == sessions.guests_of[session]
            )
            who = locals_[rng.random(len(locals_)) < rng.uniform(0.1, 0.5)]
            begin, end = sessions.started[session], sessions.ended[session]
            wave = rng.choice(rng.uniform(begin, end - 600, 5), len(who))
            joined = np.clip(wave + rng.exponential(900, len(who)), begin, end - 60)
            left = np.minimum(joined + rng.lognormal(np.log(900), 1.0, len(who)), end)
            source = np.where(rng.random(len(who)) < 0.8, SHARE, FOLLOW)
            everyone = np.ones(len(who), bool)
            self._append(views, everyone, np.full(len(who), session), who, joined, left, source)

    def _raid(self, views: EventTable) -> None:
        """A host ends and takes the audience along to a friend's room."""
        rng, sessions = self.rng, self.sessions
        for session in np.flatnonzero(
            rng.random(len(sessions)) < self.operators.raids[sessions.operator]
        ):
            at = sessions.ended[session] - 20
            slot = int((at - self.settings.start) // SLOT_SECONDS)
            live = self.open[slot] if slot < len(self.open) else np.zeros(0, int)
            live = live[(live != session) & (sessions.ended[live] > at + 300)]
            if not len(live):
                continue
            target = int(rng.choice(live))
            count = rng.poisson(6 * sessions.pull[session])
            who = self.county.rng.integers(0, self.county.honest, count)
            joined = at + rng.exponential(25, count)
            left = np.minimum(
                joined + rng.lognormal(np.log(50), 1.2, count), sessions.ended[target]
            )
            keep = joined < sessions.ended[target]
            columns = (np.full(count, target), who, joined, left, np.full(count, RAID))
            self._append(views, keep, *columns)
            self.raids.append((int(session), target, float(at), int(keep.sum())))

    def _visit_each_other(self, views: EventTable) -> None:
        """Hosts look into each other's rooms out of courtesy, again and again."""
        rng, sessions = self.rng, self.sessions
        for host in self.operators.host:
            visited = np.flatnonzero(rng.random(len(sessions)) < 0.12)
            begin, end = sessions.started[visited], sessions.ended[visited]
            joined = begin + rng.random(len(visited)) * (end - begin) * 0.8
            left = np.minimum(joined + rng.lognormal(np.log(120), 0.8, len(visited)), end)
            who, source = np.full(len(visited), host), np.full(len(visited), FOLLOW)
            self._append(views, np.ones(len(visited), bool), visited, who, joined, left, source)
