"""Honest views: visits by the hour, shopping trips over several rooms, staff and shop screens."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from simulation.families.brand_rooms.brands import Brands, Sessions, session_bins
from simulation.families.brand_rooms.people import People
from simulation.families.brand_rooms.settings import (
    ACTIVITY,
    BIN_SECONDS,
    BINS_PER_DAY,
    BOOST,
    DAY,
    DIRECT,
    FEED,
    FOLLOW,
    HOUR,
    RAID,
    SEARCH,
    SHARE,
    Settings,
)
from simulation.families.event_delivery.tables import EventTable, spans

# Waking life by the hour, and the profile of those who are awake at night.
DAYTIME = np.array(
    [
        5,
        2.5,
        1.4,
        1,
        0.9,
        1.2,
        2.5,
        4.5,
        6,
        7.5,
        9,
        9,
        9.5,
        9,
        8,
        8,
        8,
        7.5,
        7.5,
        9,
        11.5,
        12,
        10.5,
        8,
    ]
)
NIGHT = np.array([11, 11, 9, 7, 5, 4, 3, 2, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 2, 3, 5, 7, 9, 11.0])
STAY_SECONDS = np.array([16, 75, 48, 60, 90, 14, 110, 52.0])  # median by source


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


class Traffic:
    """Draws the honest views of all sessions."""

    def __init__(
        self,
        rng: np.random.Generator,
        settings: Settings,
        people: People,
        brands: Brands,
        sessions: Sessions,
    ) -> None:
        self.rng, self.settings, self.people = rng, settings, people
        self.brands, self.sessions = brands, sessions
        self.bin_session, self.bin_start = session_bins(sessions)
        self.bin_operator = sessions.operator[self.bin_session]
        since = self.bin_start - settings.start
        self.bin_day = np.clip(since // DAY, 0, settings.days - 1).astype(int)
        self.bin_hour = ((since % DAY) // HOUR).astype(int)
        self.coupon_now = brands.coupon_hours[self.bin_operator, self.bin_hour] & (
            since % HOUR < 2 * BIN_SECONDS
        )
        self.presale_now = (brands.presale_day[self.bin_operator] == self.bin_day) & (
            self.bin_hour >= 20
        )
        self.boosted = np.zeros(len(sessions), bool)
        self.boost_from = np.full(len(sessions), np.nan)
        self.boost_until = np.full(len(sessions), np.nan)

    def write(self, views: EventTable) -> None:
        """Append all honest views."""
        self._grant_boosts()
        counts = self._counts()
        owner, _ = spans(counts)
        session = self.bin_session[owner]
        joined = self.bin_start[owner] + self.rng.random(len(owner)) * BIN_SECONDS
        burst = (self.coupon_now | self.presale_now)[owner]
        early = self.bin_start[owner] + self.rng.exponential(150, len(owner))
        joined = np.where(burst & (self.rng.random(len(owner)) < 0.5), early, joined)
        source = self._sources(session, joined, burst)
        person = self._persons(session, source)
        stop = self._add(views, session, person, joined, source)
        for _ in range(2):
            session, person, joined = self._next_stops(*stop)
            source = self.rng.choice([FEED, DIRECT, SEARCH], len(session), p=[0.3, 0.2, 0.5])
            stop = self._add(views, session, person, joined, source)

    def _grant_boosts(self) -> None:
        """Choose the sessions whose traffic the platform boosts, and when."""
        rng, sessions = self.rng, self.sessions
        keen = rng.beta(0.6, 2.5, len(self.brands))[sessions.operator]
        length = sessions.ended - sessions.started
        self.boosted = (rng.random(len(sessions)) < keen) & (length > HOUR)
        self.boost_from = sessions.started + rng.uniform(0, 0.7, len(sessions)) * length
        self.boost_until = self.boost_from + rng.uniform(0.5, 3, len(sessions)) * HOUR

    def _counts(self) -> np.ndarray:
        """Visits that begin in each bin."""
        rng, brands, operator = self.rng, self.brands, self.bin_operator
        rooms = int(self.sessions.room.max()) + 1
        shocks = rng.normal(0, 1, (rooms, self.settings.days * BINS_PER_DAY)) * rng.uniform(
            0.08, 0.3, (rooms, 1)
        )
        drift = lfilter([1.0], [1.0, -0.93], shocks, axis=1)
        place = np.clip((self.bin_start - self.settings.start) // BIN_SECONDS, 0, None).astype(int)
        place = np.minimum(place, drift.shape[1] - 1)
        noise = np.exp(np.clip(drift[self.sessions.room[self.bin_session], place], -2.5, 2.5))
        week = np.exp(rng.normal(0, 0.12, (len(brands), 7)))
        week[:, 5:] *= 1.15
        shape = (1 - brands.night[operator]) * (DAYTIME / DAYTIME.mean())[self.bin_hour]
        shape += brands.night[operator] * (NIGHT / NIGHT.mean())[self.bin_hour]
        shift = np.exp(rng.normal(0, 0.22, (len(brands), 8)))[operator, self.bin_hour // 3]
        rate = brands.size[operator] / brands.rooms[operator] * shape * shift * noise
        rate *= week[operator, self.bin_day % 7]
        rate *= np.where(self.coupon_now, rng.uniform(1.5, 6, len(brands))[operator], 1)
        rate *= np.where(self.presale_now, rng.uniform(1.5, 5, len(brands))[operator], 1)
        within = (self.bin_start >= self.boost_from[self.bin_session]) & (
            self.bin_start < self.boost_until[self.bin_session]
        )
        granted = within & self.boosted[self.bin_session]
        rate *= np.where(granted, rng.uniform(1.3, 4, len(self.sessions))[self.bin_session], 1)
        rate *= self.settings.views * 0.72 / rate.sum()
        return rng.poisson(rate * rng.gamma(4, 0.25, len(rate)))

    def _sources(self, session: np.ndarray, joined: np.ndarray, burst: np.ndarray) -> np.ndarray:
        """How each visitor came in."""
        rng, sessions = self.rng, self.sessions
        edges = np.cumsum(self.brands.source_mix, 1)[sessions.operator[session]]
        source = (rng.random((len(session), 1)) > edges).sum(1).clip(0, 7)
        boosted = self.boosted[session] & (joined >= self.boost_from[session])
        boosted &= joined < self.boost_until[session]
        source = np.where(boosted & (rng.random(len(session)) < 0.5), BOOST, source)
        source = np.where((source == BOOST) & ~boosted, FEED, source)
        return np.where(burst & (rng.random(len(session)) < 0.4), ACTIVITY, source)

    def _persons(self, session: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Who came: regulars by habit, others by how often they open the app."""
        rng, brands = self.rng, self.brands
        sizes = np.array([len(r) for r in brands.regulars])
        first = np.cumsum(sizes) - sizes
        operator = self.sessions.operator[session]
        place = (rng.random(len(session)) ** 2.2 * sizes[operator]).astype(int)
        regular = np.concatenate(brands.regulars)[first[operator] + place]
        loyal = np.isin(source, [FOLLOW, DIRECT, ACTIVITY, SHARE, RAID])
        is_regular = rng.random(len(session)) < np.where(loyal, 0.75, 0.12)
        return np.where(is_regular, regular, self.people.pick_lively(len(session)))

    def _stays(self, session: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Seconds that each visitor stays if the session lasts."""
        rng = self.rng
        median = STAY_SECONDS[source] * self.brands.stick[self.sessions.operator[session]]
        stay = rng.lognormal(np.log(median), 1.25)
        bounced = rng.random(len(session)) < 0.2
        stay[bounced] = rng.uniform(0.8, 6, bounced.sum())
        parked = rng.random(len(session)) < 0.015  # the phone lies on the table
        stay[parked] = rng.lognormal(np.log(3_600), 0.9, parked.sum())
        return np.maximum(stay, 0.5)

    def _add(
        self,
        views: EventTable,
        session: np.ndarray,
        person: np.ndarray,
        joined: np.ndarray,
        source: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Append visits that begin while their session is open; returns session, person, left."""
        fits = joined < self.sessions.ended[session] - 1
        session, person, joined = session[fits], person[fits], joined[fits]
        stay = self._stays(session, source[fits])
        left = np.minimum(joined + stay, self.sessions.ended[session])
        views.append(
            len(session),
            session=session,
            account=person,
            joined=joined,
            left=left,
            source=source[fits],
        )
        return session, person, left

    def _next_stops(
        self, session: np.ndarray, person: np.ndarray, left: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where shoppers who compare go next: an open room of the same category."""
        rng, brands = self.rng, self.brands
        goes_on = rng.random(len(session)) < brands.trips[self.sessions.operator[session]]
        session, person, left = session[goes_on], person[goes_on], left[goes_on]
        slots = self.settings.days * BINS_PER_DAY + BINS_PER_DAY
        key = brands.category[self.bin_operator] * slots + self._slot(self.bin_start)
        order = np.argsort(key, kind="stable")
        joined = left + rng.lognormal(np.log(14), 0.8, len(left))
        wanted = brands.category[self.sessions.operator[session]] * slots + self._slot(joined)
        low = np.searchsorted(key[order], wanted)
        high = np.searchsorted(key[order], wanted, "right")
        found = high > low
        place = low + (rng.random(len(low)) * (high - low)).astype(int)
        target = self.bin_session[order[np.minimum(place, len(order) - 1)]]
        inside = found & (joined > self.sessions.started[target]) & (target != session)
        return target[inside], person[inside], joined[inside]

    def _slot(self, seconds: np.ndarray) -> np.ndarray:
        """Ten-minute slot since the start of the lake."""
        return np.clip((seconds - self.settings.start) // BIN_SECONDS, 0, None).astype(int)
