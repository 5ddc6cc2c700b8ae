"""Honest orders: viewers, village groups behind a leader, relatives who pay, coupon hunters."""

from __future__ import annotations

import numpy as np

from simulation.families.event_delivery.tables import EventTable
from simulation.families.small_region.county import County
from simulation.families.small_region.rooms import Operators, Sessions
from simulation.families.small_region.settings import (
    CODE,
    GOODS_GRAMS,
    MINUTE,
    OPERATORS,
    PRICE_CNY,
    Settings,
)

NORMAL, CASH, HANDED, EMPTY, RETURNED, REFUSED = range(6)  # what becomes of an order
PRODUCTS = 15


def order_table() -> EventTable:
    """An empty table of orders; scheme 0 is honest."""
    return EventTable(
        session=-1,
        operator=-1,
        buyer=-1,
        product=0,
        placed=0.0,
        paid=0.0,
        quantity=1,
        unit_price=0.0,
        discount=0.0,
        payer=-1,
        address=-1,
        device=-1,
        fate=NORMAL,
        scheme=0,
        gainer=-1,
    )


class Purchases:
    """Places orders, honest ones and those that others ask for."""

    def __init__(
        self,
        rng: np.random.Generator,
        settings: Settings,
        county: County,
        operators: Operators,
        sessions: Sessions,
        orders: EventTable,
    ) -> None:
        self.rng, self.settings, self.county = rng, settings, county
        self.operators, self.sessions, self.orders = operators, sessions, orders
        shape = (OPERATORS, PRODUCTS)
        middle = (PRICE_CNY[operators.trade] * operators.price)[:, None]
        self.price = np.round(middle * rng.lognormal(0, 0.5, shape), 1) + 0.9
        self.grams = GOODS_GRAMS[operators.trade][:, None] * rng.lognormal(0, 0.6, shape)
        light = rng.random(shape) < 0.08  # seeds, hair clips, phone films
        self.grams = np.where(light, rng.uniform(3, 45, shape), self.grams)
        self.lookalikes: list[tuple[int, int, str]] = []

    def write(self, views: dict[str, np.ndarray]) -> None:
        """Append all honest orders."""
        self._viewers(views)
        self._village_groups()
        self._coupon_hunters()

    def place(self, session: np.ndarray, buyer: np.ndarray, **columns: np.ndarray | int) -> None:
        """Append orders placed in sessions; some are to be paid at the door.

        Parameters
        ----------
        session, buyer
            Session and buying account of each order.
        columns
            At least `placed`; other columns replace what the buyer would use.
        """
        rng, county, n = self.rng, self.county, len(buyer)
        operator = self.sessions.operator[session]
        product = np.minimum(rng.geometric(0.25, n) - 1, PRODUCTS - 1)
        cash = rng.random(n) < self.settings.cash
        filled: dict[str, np.ndarray | int] = {
            "product": product,
            "paid": np.asarray(columns["placed"]) + rng.lognormal(np.log(25), 0.8, n),
            "fate": np.where(cash, CASH, NORMAL),
            "quantity": 1 + (rng.random(n) < 0.25) * rng.integers(1, 5, n),
            "payer": county.payer[buyer],
            "address": county.address[buyer],
            "device": county.device[buyer],
            "discount": np.where(rng.random(n) < 0.3, 0.1, 0.0),
        }
        filled |= columns
        price = self.price[operator, np.asarray(filled["product"])]
        rows = {"session": session, "operator": operator, "buyer": buyer, "unit_price": price}
        self.orders.append(n, **rows, **filled)

    def _viewers(self, views: dict[str, np.ndarray]) -> None:
        """Viewers buy, more from people whom they know."""
        rng, county, session, who = self.rng, self.county, views["session"], views["account"]
        operator = self.sessions.operator[session]
        minutes = (views["left"] - views["joined"]) / MINUTE
        tied = (county.ties[who] == operator[:, None]).any(1)
        wish = self.operators.buying[operator] * county.purse[who] * np.sqrt(minutes / 2)
        wish = wish * np.where(tied, 2.0, 1.0) * (self.operators.trade[operator] != 3)
        rows = np.flatnonzero(rng.random(len(who)) < np.minimum(wish, 0.5))
        placed = views["joined"][rows] + rng.uniform(0.3, 1.0, len(rows)) * minutes[rows] * MINUTE
        self.place(session[rows], who[rows], placed=placed)

    def _village_groups(self) -> None:
        """A leader gathers a village: many buyers within minutes, one payer and one address."""
        rng, county = self.rng, self.county
        for operator in range(OPERATORS):
            for _ in range(self.operators.leader_groups[operator]):
                leader = int(rng.integers(0, county.honest))
                village = np.flatnonzero(
                    county.township[: county.honest] == county.township[leader]
                )
                members = rng.choice(
                    village, min(len(village), int(rng.integers(6, 40))), replace=False
                )
                for session in self._some_sessions(operator, int(rng.integers(1, 5))):
                    who = members[rng.random(len(members)) < 0.6]
                    placed = self.moments(session, len(who), 240 + 600 * rng.random())
                    self.place(
                        np.full(len(who), session),
                        who if rng.random() < 0.7 else np.full(len(who), leader),
                        placed=placed,
                        payer=county.payer[leader],
                        address=county.address[leader],
                        product=np.full(len(who), rng.integers(0, PRODUCTS)),
                    )
                    self.lookalikes.append((operator, int(session), "village_group"))

    def _coupon_hunters(self) -> None:
        """A family uses the coupon for new customers once with each of its accounts."""
        rng, county = self.rng, self.county
        for operator in np.flatnonzero(rng.random(OPERATORS) < 0.15):
            for session in self._some_sessions(int(operator), 2):
                hunter = int(rng.integers(0, county.honest - 8))
                family = np.arange(hunter, hunter + int(rng.integers(3, 8)))
                self.place(
                    np.full(len(family), session),
                    family,
                    placed=self.moments(session, len(family), 300),
                    payer=county.payer[hunter],
                    address=county.address[hunter],
                    device=county.device[hunter],
                    discount=np.full(len(family), 0.5),
                    scheme=CODE["coupon_abuse"],
                )

    def _some_sessions(self, operator: int, count: int) -> np.ndarray:
        """Some sessions of an operator, at most as many as it has."""
        of = self.sessions.of(operator)
        return self.rng.choice(of, min(count, len(of)), replace=False)

    def moments(self, session: int, count: int, seconds: float) -> np.ndarray:
        """Moments within one session, gathered around one of them."""
        start, end = self.sessions.started[session], self.sessions.ended[session]
        centre = self.rng.uniform(start + 30, max(start + 31, end - 60))
        moments = centre + self.rng.normal(0, seconds, count)
        return np.sort(np.clip(moments, start + 10, max(start + 10, end - 2)))
