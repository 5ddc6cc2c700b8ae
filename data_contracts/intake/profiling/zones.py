"""Time zone of times without an offset, from the hours of the day at which people are active.

People sleep: activity is lowest between three and six in the morning of their own clock. The hours
are compared with those usual in live commerce, moved by every whole hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

HOME_ZONE, HOME_OFFSET_HOURS = "Asia/Shanghai", 8
# Share of a day's activity by hour of the local clock: quiet from 3 to 6, most about 21.
USUAL_ACTIVITY = np.array(
    [
        *(3.5, 2, 1, 0.6, 0.5, 0.5, 0.8, 1.5, 2.5, 3.5, 4.5, 5),
        *(5, 4.5, 4.5, 5, 5, 5, 5.5, 7, 9, 9.5, 8, 5.5),
    ]
)
# Clocks of exports: local ones and those of UTC; others are rare.
PRIOR_OF_LOCAL, PRIOR_OF_UTC, PRIOR_OF_OTHERS = 0.6, 0.3, 0.1
MIN_TIMES, MAX_TIMES = 50, 200_000
LATEST_QUIET_HOUR = 5  # the four quietest hours of a people begin from midnight to five
# Events of one session are not independent, so that many count as so few.
MAX_INDEPENDENT_EVENTS = 60
NO_TIMES_CONFIDENCE, MAX_CONFIDENCE = 0.3, 0.97


@dataclass(frozen=True)
class Guess:
    """A guess, how sure it is, 0 to 1, and what it rests on.

    `is_night`: the quietest hours are those of the night by the clock that is guessed. Elsewhere
    the guess is the best of poor ones.
    """

    value: str | None
    confidence: float
    why: str
    is_night: bool = True


def guess_zone(connection: duckdb.DuckDBPyConnection, rows: str, times: list[str]) -> Guess:
    """Guess the zone of times by their hours.

    Parameters
    ----------
    connection
        Connection that has the rows and the macros of `conversion`.
    rows
        SQL of a relation.
    times
        SQL of times over its columns.
    """
    counts = np.zeros(24)
    for time in times:
        found = connection.execute(
            f"SELECT hour(t), count(*) FROM (SELECT {time} AS t FROM {rows} LIMIT {MAX_TIMES}) "
            "WHERE t IS NOT NULL AND CAST(t AS TIME) <> TIME '00:00:00' GROUP BY 1"
        ).fetchall()
        for hour, count in found:
            counts[hour] += count
    return zone_of_hours(counts)


def zone_of_hours(counts: np.ndarray) -> Guess:
    """Guess the zone of a clock.

    Parameters
    ----------
    counts
        Events by hour of that clock, float64, shape (24,).
    """
    total = counts.sum()
    if total < MIN_TIMES:
        why = f"{total:.0f} times of day are too few to see when people sleep"
        return Guess(HOME_ZONE, NO_TIMES_CONFIDENCE, why, is_night=False)
    share = counts / total
    log_usual = np.log(USUAL_ACTIVITY / USUAL_ACTIVITY.sum())
    # a clock that is `ahead` of the local one shows the usual hours that much later
    ahead = np.arange(-12, 12)
    fit = np.array([share @ np.roll(log_usual, hours) for hours in ahead])
    prior = np.full(len(ahead), PRIOR_OF_OTHERS / (len(ahead) - 2))
    prior[ahead == 0], prior[ahead == -HOME_OFFSET_HOURS] = PRIOR_OF_LOCAL, PRIOR_OF_UTC
    log_odds = np.log(prior) + fit * min(total, MAX_INDEPENDENT_EVENTS)
    chance = np.exp(log_odds - log_odds.max())
    best = int(np.argmax(chance))
    confidence = min(MAX_CONFIDENCE, float(chance[best] / chance.sum()))
    quiet = int(np.argmin(np.convolve(np.tile(counts, 2), np.ones(4), "valid")[:24]))
    why = f"least happens from {quiet:02d} to {(quiet + 4) % 24:02d} h by this clock, "
    is_night = (quiet - int(ahead[best])) % 24 <= LATEST_QUIET_HOUR
    if ahead[best] == 0:
        return Guess(HOME_ZONE, confidence, f"{why}as at night in China", is_night)
    if ahead[best] == -HOME_OFFSET_HOURS:
        return Guess("UTC", confidence, f"{why}night in China by a clock of UTC", is_night)
    offset = HOME_OFFSET_HOURS + int(ahead[best])
    offset -= 24 * round(offset / 24)
    # zones of the tz database named by their offset have the opposite sign
    zone = f"Etc/GMT{-offset:+d}"
    return Guess(zone, confidence, f"{why}{int(ahead[best]):+d} h off the night in China", is_night)
