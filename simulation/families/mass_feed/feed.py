"""The recommender: it tests a room on a batch of strangers, then widens or cuts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.mass_feed.people import People
from simulation.families.mass_feed.rows import FEED, Events
from simulation.families.mass_feed.world import (
    LOCAL_OFFSET,
    Operators,
    Parameters,
    Sessions,
)

LARGEST_PER_MINUTE = 7.0  # strangers that the widest pool sends to one room
MAX_VIEWS = 230_000  # the platform's audience is finite


@dataclass(frozen=True)
class Purchases:
    """What is bought for each session in the recommender's rounds.

    `rate` is false views for each view of the batch, `fixed` tells whether the seller counts from
    the first batch instead, `until` is the share of rounds that is served, and `reaction` the
    reaction that a false view shows, in units of a stranger who stays.
    """

    rate: np.ndarray
    fixed: np.ndarray
    until: np.ndarray
    reaction: np.ndarray


@dataclass(frozen=True)
class Served:
    """False views asked in each round: session, moment of the round and number."""

    session: np.ndarray
    at: np.ndarray
    count: np.ndarray


def run_feed(
    world: Parameters,
    people: People,
    operators: Operators,
    *,
    sessions: Sessions,
    bought: Purchases,
    events: Events,
    rng: np.random.Generator,
) -> Served:
    """Serve all rounds of all sessions, and write the views of the feed into `events`.

    Reactions of false views count as those of strangers do, so they move the size of the next
    batch and cause honest views.

    Returns
    -------
    Served
        The false views of each round, which the schemes then carry out.
    """
    seconds = 60.0 * world.round_minutes
    rounds = np.maximum(((sessions.end - sessions.start) / seconds).astype(int), 1)
    level = world.first_batch * np.exp(rng.normal(0, 0.25, sessions.count))
    first = level.copy()
    estimate = np.full(sessions.count, world.threshold)
    served: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    total, reached = 0, level.copy()
    seen, forged = np.zeros(sessions.count), np.zeros(sessions.count)
    for number in range(int(rounds.max())):
        active = np.flatnonzero(rounds > number)
        op = operators.topic[sessions.operator[active]]
        begin = sessions.start[active] + number * seconds
        hour = ((begin + LOCAL_OFFSET) / 3_600) % 24
        supply = 0.55 + 0.6 * np.exp(-(((hour - 20.5 + 12) % 24 - 12) ** 2) / 10)
        count = rng.poisson(level[active] * supply) if total < MAX_VIEWS else 0 * active
        row = np.repeat(np.arange(len(active)), count)
        s = active[row]
        learned = np.minimum(0.35 + 0.02 * number, 0.75)
        topic = np.where(rng.random(len(row)) < learned, op[row], -1)
        account = people.pick(topic, rng)
        late = rng.beta(0.9, 1.6, len(row))
        room = sessions.operator[s]
        odds = operators.appeal[room] + sessions.mood[s]
        odds = odds + 0.9 * (people.topic[account] == operators.topic[room])
        odds = odds - 0.5 * np.log(np.maximum(level[s] / first[s], 0.2))
        stays = rng.random(len(row)) < 1 / (1 + np.exp(-odds - rng.logistic(0, 0.5, len(row))))
        stay = np.where(
            stays,
            np.exp(rng.normal(np.log(75), 1.0, len(row))) * operators.stick[room],
            np.exp(rng.normal(np.log(3.2), 0.8, len(row))),
        )
        join = np.minimum(begin[row] + late * seconds, sessions.end[s] - 0.5)
        events.views.add(len(row), s=s, a=account, join=join, stay=stay, src=FEED)
        total += len(row)

        base = np.where(bought.fixed[active], 2 * first[active], level[active] * supply)
        busy = number < np.ceil(bought.until[active] * rounds[active])
        seen[active] += count
        paid = bought.rate[active] * (seen[active] + 3 * first[active])
        busy &= (forged[active] < paid) & (total < MAX_VIEWS)
        false = rng.poisson(np.where(busy, bought.rate[active] * base, 0.0))
        forged[active] += false
        total += int(false.sum())
        some = false > 0
        served.append((active[some], begin[some], false[some]))
        worth = np.bincount(row, stays * np.minimum(stay / 60, 3.0) + 0.8 * stays, len(active))
        worth = worth + false * bought.reaction[active]
        typical = 0.45  # reaction of an average stranger
        score = (worth + 2 * typical) / (count + false + 2) / typical
        estimate[active] = 0.6 * estimate[active] + 0.4 * score
        ratio = estimate[active] / world.threshold * np.exp(rng.normal(0, 0.1, len(active)))
        step = np.where(ratio > 1.25, world.widen, np.where(ratio < 0.75, world.cut, 1.0))
        level[active] = np.clip(
            level[active] * step, 0.5 * first[active], LARGEST_PER_MINUTE * world.round_minutes
        )
        reached = np.maximum(reached, level)
    for widened in np.flatnonzero((reached > 8 * first) & (bought.rate == 0)):
        events.tags.append((int(sessions.operator[widened]), int(widened), "feed_widening"))
    return Served(*(np.concatenate(part) for part in zip(*served, strict=True)))
