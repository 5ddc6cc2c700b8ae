"""Few rooms that an outside collector watches, and delivers in windows of some minutes.

A collector sits in a handful of rooms. It records joins, or the public viewers by minute, or both,
with a few kinds of acts. It cuts each broadcast into windows of equal length and delivers each as
a session; by seed it knows the room's operator, or takes each window for one. There may be as few
as a dozen windows. Its author had the contracts and the domain page at hand and no formula of a
detector, but knew which real sets are judged.

Realistic: arrivals that come in clusters and follow a slow mood, regulars who rejoin, stays of
three kinds, waves after notifications, windows without any event, clocks of a minute to a
millisecond, stale and rounded counters, acts by few people, few windows of few rooms.

Not realistic: no devices, networks, orders or goods, people do not react to the number that is
shown, a campaign ends with its window, rates are plausible guesses.

Schemes: `block` (bots within seconds or minutes, who stay), `paced` (a bot every so many seconds),
`swell` (ever more often), `rota` (one pool that comes back window after window), `top_up` (fills
up to a figure), `together_out` (come slowly, leave at once), `flash` (stays of seconds),
`follow_burst` and `like_script` where such acts are collected.

Look-alikes: raid, notification_wave, outage_and_return, host_change, fan_club, celebrity_visit,
rejoining_regulars, night_lull.
"""

from __future__ import annotations

from pathlib import Path

from simulation.families.watched_rooms.acts import act
from simulation.families.watched_rooms.fraud import inflate
from simulation.families.watched_rooms.settings import open_rooms
from simulation.families.watched_rooms.tables import write_tables
from simulation.families.watched_rooms.traffic import let_in


def write(lake: Path, truth: Path, seed: int) -> None:
    """Write the lake of a seed and its truth.

    Parameters
    ----------
    lake, truth
        Folders, which may not exist yet.
    seed
        Same seed, same bytes.
    """
    lake.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    rooms = open_rooms(seed)
    let_in(rooms)
    act(rooms)
    inflate(rooms)
    write_tables(rooms, lake, truth)
