"""Honest orders: shoppers, pre-sales, coupon stackers, resellers, offices and staff benefits."""

from __future__ import annotations

import numpy as np

from simulation.families.brand_rooms.brands import Brands, Sessions
from simulation.families.brand_rooms.people import People
from simulation.families.brand_rooms.settings import (
    ACTIVITY,
    DAY,
    GOODS_GRAMS,
    HOUR,
    PRICE_CNY,
    SEARCH,
    Settings,
)
from simulation.families.event_delivery.tables import EventTable, spans

# What becomes of an order.
NORMAL, STACKED, GIFT, EMPTY, REAL, SLOT, INTERNAL, HOSTILE, REGRET = range(9)
PRODUCTS_PER_OPERATOR = 40


def order_table() -> EventTable:
    """An empty table of orders; scheme 0 is honest, operator of benefit -1 is unknown."""
    return EventTable(
        session=-1,
        operator=-1,
        buyer=-1,
        product=-1,
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


class Catalogue:
    """Products of each operator with price in CNY and weight in grams."""

    def __init__(self, rng: np.random.Generator, brands: Brands) -> None:
        shape = (len(brands), PRODUCTS_PER_OPERATOR)
        middle = (PRICE_CNY[brands.category] * brands.price)[:, None]
        self.price = np.round(middle * np.exp(rng.normal(0, 0.6, shape))) + 0.9
        self.grams = GOODS_GRAMS[brands.category][:, None] * np.exp(rng.normal(0, 0.6, shape))
        light = (brands.category == 1)[:, None] & (rng.random(shape) < 0.25)  # samples, sachets
        self.grams = np.where(light, rng.uniform(8, 45, shape), self.grams)
        self.popularity = rng.dirichlet(np.full(PRODUCTS_PER_OPERATOR, 0.25), len(brands))

    def draw(self, rng: np.random.Generator, operator: np.ndarray) -> np.ndarray:
        """One product of each operator by popularity."""
        edges = np.cumsum(self.popularity, 1)[operator]
        place = (rng.random((len(operator), 1)) > edges).sum(1)
        return np.minimum(place, PRODUCTS_PER_OPERATOR - 1)


class Trade:
    """Draws the honest orders."""

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
        self.catalogue = Catalogue(rng, brands)
        self.lookalikes: list[tuple[int, int, str]] = []  # operator, session, tag

    def write(self, orders: EventTable, views: dict[str, np.ndarray]) -> None:
        """Append the orders that come out of honest views, and those placed outside a room."""
        self._shoppers(orders, views)
        self._returning(orders)
        self._pooled(orders, "resellers", 0.12)
        self._pooled(orders, "office_purchase", 0.15)
        self._staff_benefits(orders)

    def place(
        self,
        orders: EventTable,
        operator: np.ndarray,
        buyer: np.ndarray,
        **columns: np.ndarray | int,
    ) -> None:
        """Append orders with product, price, payer and address of their buyers.

        Parameters
        ----------
        orders
            Table that grows.
        operator, buyer
            Seller and buying account of each order.
        columns
            At least `placed`; other columns replace what the buyer would use.
        """
        rng, n = self.rng, len(operator)
        product = columns.pop("product", None)
        product = self.catalogue.draw(rng, operator) if product is None else product
        wait = rng.lognormal(np.log(14), 0.9, n)
        filled: dict[str, np.ndarray | int] = {
            "paid": np.asarray(columns["placed"]) + wait,
            "payer": self.people.payer[buyer],
            "address": self.people.address[buyer],
            "device": self.people.device[buyer],
            "discount": np.where(rng.random(n) < 0.5, rng.beta(2, 8, n), 0),
        }
        orders.append(
            n,
            operator=operator,
            buyer=buyer,
            product=product,
            unit_price=self.catalogue.price[operator, product],
            **(filled | columns),
        )

    def _shoppers(self, orders: EventTable, views: dict[str, np.ndarray]) -> None:
        """Viewers buy the likelier the longer they stay, the more with a coupon."""
        rng, brands, session = self.rng, self.brands, views["session"]
        operator = self.sessions.operator[session]
        stay = views["left"] - views["joined"]
        wish = brands.conversion[operator] * (np.minimum(stay, 900) / 120) ** 0.6
        wish *= self.people.shopper[views["account"]] * np.where(stay < 5, 0.05, 1)
        wish *= np.where(views["source"] == ACTIVITY, 2.0, 1) * np.where(
            views["source"] == SEARCH, 1.4, 1
        )
        bought = np.flatnonzero(rng.random(len(wish)) < np.minimum(wish, 0.6))
        copies = 1 + rng.geometric(0.82, len(bought)) - 1
        bought = np.repeat(bought, copies)
        placed = views["joined"][bought] + rng.beta(2, 1.2, len(bought)) * stay[bought]
        operator = operator[bought]
        day = (placed - self.settings.start) // DAY
        presale = (brands.presale_day[operator] == day) & (rng.random(len(bought)) < 0.6)
        balance = self.settings.start + (day + 2) * DAY + 20 * HOUR  # everybody pays then
        paid = np.where(presale, balance + rng.exponential(2_400, len(bought)), np.nan)
        paid = np.where(presale, paid, placed + rng.lognormal(np.log(14), 0.9, len(bought)))
        paid[rng.random(len(bought)) < 0.04 + 0.12 * presale] = np.nan
        stacked = (views["source"][bought] == ACTIVITY) & (rng.random(len(bought)) < 0.12)
        self.place(
            orders,
            operator,
            views["account"][bought],
            session=session[bought],
            placed=placed,
            paid=paid,
            quantity=1 + (rng.random(len(bought)) < 0.13) * rng.integers(1, 4, len(bought)),
            fate=np.where(stacked, STACKED, NORMAL),
        )

    def _returning(self, orders: EventTable) -> None:
        """Regulars order from the shop page, outside any session."""
        rng, brands = self.rng, self.brands
        count = rng.poisson(brands.size * self.settings.days * rng.uniform(0.2, 1.2, len(brands)))
        operator, _ = spans(count)
        who = [
            brands.regulars[i][rng.integers(0, len(brands.regulars[i]), c)]
            for i, c in enumerate(count)
        ]
        hour = rng.normal(15, 5, len(operator)) % 24
        day = rng.integers(0, self.settings.days, len(operator))
        placed = self.settings.start + day * DAY + hour * HOUR
        self.place(orders, operator, np.concatenate(who), placed=placed)

    def _pooled(self, orders: EventTable, tag: str, share: float) -> None:
        """Several accounts, or one, buy much for one payer and address within minutes."""
        rng, sessions = self.rng, self.sessions
        reseller = tag == "resellers"
        for operator in np.flatnonzero(rng.random(len(self.brands)) < share):
            open_sessions = sessions.of(int(operator))
            if not len(open_sessions):
                continue
            for session in rng.choice(open_sessions, min(3, len(open_sessions)), replace=False):
                members = self.people.pick_lively(int(rng.integers(4, 16)) if reseller else 1)
                buyer = np.repeat(members, rng.integers(1, 4) if reseller else rng.integers(4, 25))
                begin = rng.uniform(sessions.started[session], sessions.ended[session] - 500)
                self.place(
                    orders,
                    np.full(len(buyer), operator),
                    buyer,
                    session=np.full(len(buyer), session),
                    placed=begin + np.sort(rng.uniform(0, 480, len(buyer))),
                    product=np.full(len(buyer), rng.integers(0, PRODUCTS_PER_OPERATOR)),
                    quantity=rng.integers(1, 6, len(buyer)),
                    payer=self.people.payer[members[0]],
                    address=self.people.address[members[0]],
                )
                self.lookalikes.append((int(operator), int(session), tag))

    def _staff_benefits(self, orders: EventTable) -> None:
        """Staff buy for themselves at a discount; the goods are shipped and kept."""
        rng = self.rng
        for operator, staff in enumerate(self.brands.staff):
            buyer = staff[rng.random(len(staff)) < 0.3]
            placed = self.settings.start + rng.uniform(0, self.settings.days, len(buyer)) * DAY
            self.place(
                orders,
                np.full(len(buyer), operator),
                buyer,
                placed=placed,
                discount=rng.uniform(0.3, 0.6, len(buyer)),
            )
            if len(buyer):
                self.lookalikes.append((operator, -1, "staff_benefits"))
