"""Honest likes, greetings and follows: elders tap, everybody copies the greeting of the day."""

from __future__ import annotations

import numpy as np

from simulation.families.event_delivery.tables import EventTable, spans
from simulation.families.small_region.county import County
from simulation.families.small_region.rooms import Operators, Sessions
from simulation.families.small_region.settings import (
    CLICK,
    COMMENT,
    DAY,
    LIKE,
    LOST_FAN,
    MINUTE,
    NEW_FAN,
    OPERATORS,
    SHARED_LINK,
)

GREETINGS = 9  # "good evening, sister", "ones", a row of roses


def act_table() -> EventTable:
    """An empty table of interactions; scheme 0 is honest, a negative text is none."""
    return EventTable(session=-1, account=-1, kind=0, at=0.0, count=1, text=-1, scheme=0)


def write_talk(
    rng: np.random.Generator,
    county: County,
    operators: Operators,
    sessions: Sessions,
    views: dict[str, np.ndarray],
    acts: EventTable,
) -> None:
    """Append what honest viewers do besides watching."""
    who, session = views["account"], views["session"]
    operator = sessions.operator[session]
    minutes = (views["left"] - views["joined"]) / MINUTE
    tied = (county.ties[who] == operator[:, None]).any(1)
    mood = np.exp(rng.normal(0, 0.6, len(sessions)))[session]
    warm = np.where(tied, 2.2, 1.0) * mood
    followed = np.unique(who * OPERATORS + operator, return_index=True)[1]  # at most once
    first = np.zeros(len(who), bool)
    first[followed] = True
    rates = {
        LIKE: 0.02 * county.thumb[who] * operators.tapping[operator] * np.sqrt(minutes) * warm,
        COMMENT: 0.05 * county.talk[who] * np.sqrt(minutes) * warm,
        NEW_FAN: np.where(first, 0.03 + 0.15 * tied, 0.0) * np.minimum(minutes, 1),
        LOST_FAN: np.full(len(who), 0.001),
        SHARED_LINK: 0.01 * warm,
        CLICK: 0.09 * county.purse[who] * np.sqrt(minutes),
    }
    for kind, rate in rates.items():
        number = rng.poisson(np.minimum(rate, 12))
        if kind in (NEW_FAN, LOST_FAN):
            number = np.minimum(number, 1)
        owner, _ = spans(number)
        at = views["joined"][owner] + rng.random(len(owner)) * minutes[owner] * MINUTE
        taps = 1 + rng.geometric(1 / (3 + 7 * np.minimum(county.thumb[who[owner]], 7)))
        acts.append(
            len(owner),
            session=session[owner],
            account=who[owner],
            kind=kind,
            at=at,
            count=taps if kind == LIKE else 1,
            text=_texts(rng, operators, operator[owner], at) if kind == COMMENT else -1,
        )


def _texts(
    rng: np.random.Generator, operators: Operators, operator: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Texts of comments: the greeting of the day in that room, or words of one's own."""
    day = (at // DAY).astype(int)
    today = (operator * 31 + day * 17) % GREETINGS
    other = rng.integers(0, GREETINGS, len(at))
    greeting = np.where(rng.random(len(at)) < 0.7, today, other)
    fresh = 10_000 + rng.integers(0, 1_000_000_000, len(at))
    return np.where(rng.random(len(at)) < operators.greeting[operator], greeting, fresh)
