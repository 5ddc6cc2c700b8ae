"""Honest chat, likes, follows and clicks of viewers, and the canned lines of shop assistants."""

from __future__ import annotations

import numpy as np

from simulation.families.brand_rooms.brands import Brands, Sessions
from simulation.families.brand_rooms.people import People
from simulation.families.brand_rooms.settings import (
    ACTIVITY,
    CLICK,
    COMMENT,
    FOLLOW,
    LIKE,
    LOST_FAN,
    NEW_FAN,
    SHARED_LINK,
)
from simulation.families.event_delivery.tables import EventTable, spans

STANDARD_QUESTIONS = 60  # "which size", "link three", "when will it ship", a lone question mark


def act_table() -> EventTable:
    """An empty table of interactions; scheme 0 is honest, a negative text is none."""
    return EventTable(session=-1, account=-1, kind=0, at=0.0, count=1, text=-1, scheme=0)


class Chat:
    """Draws what honest viewers do beside watching."""

    def __init__(
        self, rng: np.random.Generator, people: People, brands: Brands, sessions: Sessions
    ) -> None:
        self.rng, self.people, self.brands, self.sessions = rng, people, brands, sessions
        self.question_weight = rng.dirichlet(1 / np.arange(1, STANDARD_QUESTIONS + 1) ** 0.9)
        self.next_text = 1_000_000
        self.member_coupon = rng.random(len(brands)) < 0.4  # a coupon for those who follow

    def write(self, acts: EventTable, views: dict[str, np.ndarray]) -> None:
        """Append the interactions of all honest views."""
        rng, brands = self.rng, self.brands
        operator = self.sessions.operator[views["session"]]
        stay = views["left"] - views["joined"]
        longing = np.sqrt(np.minimum(stay, 1_800) / 60)
        mood = np.exp(rng.normal(0, 0.5, len(self.sessions)))[views["session"]]
        coupon = (views["source"] == ACTIVITY) & self.member_coupon[operator]
        known = views["source"] == FOLLOW
        follow_rate = brands.follows[operator] * np.minimum(longing, 2) * np.where(known, 0.05, 1)
        rates = {
            LIKE: brands.likes[operator] * longing * mood,
            COMMENT: brands.chat[operator] * longing * mood,
            NEW_FAN: np.where(coupon, 0.35, follow_rate),
            LOST_FAN: np.full(len(stay), 0.0006),
            SHARED_LINK: np.full(len(stay), 0.004) * longing,
            CLICK: 0.12 * longing,
        }
        for kind, rate in rates.items():
            self._acts_of_kind(acts, views, kind, rate)
        self._assistants(acts)

    def texts(self, count: int) -> np.ndarray:
        """Texts of comments: standard questions that everybody asks, or words of one's own."""
        rng = self.rng
        standard = rng.choice(STANDARD_QUESTIONS, count, p=self.question_weight)
        self.next_text += count
        fresh = np.arange(self.next_text - count, self.next_text)
        return np.where(rng.random(count) < 0.35, standard, fresh)

    def _acts_of_kind(
        self, acts: EventTable, views: dict[str, np.ndarray], kind: int, rate: np.ndarray
    ) -> None:
        """Append one kind: heavy likers and talkers exist, follows happen at most once a view."""
        rng = self.rng
        heavy = rng.gamma(0.5, 2.0, len(rate)) if kind in (LIKE, COMMENT, CLICK) else 1.0
        number = rng.poisson(rate * heavy)
        if kind in (NEW_FAN, LOST_FAN):
            number = np.minimum(number, 1)
        owner, _ = spans(number)
        at = (
            views["joined"][owner]
            + rng.random(len(owner)) * (views["left"] - views["joined"])[owner]
        )
        account = views["account"][owner]
        count = 1 + rng.geometric(0.12, len(owner)) * (rng.random(len(owner)) < 0.6)
        acts.append(
            len(owner),
            session=views["session"][owner],
            account=account,
            kind=kind,
            at=at,
            count=count if kind == LIKE else 1,
            text=self.texts(len(owner)) if kind == COMMENT else -1,
        )

    def _assistants(self, acts: EventTable) -> None:
        """Staff post one of six canned lines at an almost constant gap, day and night."""
        rng, sessions = self.rng, self.sessions
        gap = self.brands.assistant_gap[sessions.operator]
        length = np.where(np.isnan(gap), 0, sessions.ended - sessions.started)
        owner, place = spans((length / np.where(np.isnan(gap), 1, gap)).astype(int))
        at = sessions.started[owner] + (place + rng.normal(0.5, 0.02, len(owner))) * gap[owner]
        operator = sessions.operator[owner]
        staff = np.array([s[0] for s in self.brands.staff])
        acts.append(
            len(owner),
            session=owner,
            account=staff[operator],
            kind=COMMENT,
            at=np.clip(at, sessions.started[owner], sessions.ended[owner]),
            text=10_000 + operator * 6 + place % 6,
        )
