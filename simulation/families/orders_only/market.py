"""The state of one platform while it is written: people, shops, goods and rows of orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulation.families.column_buffer import ColumnBuffer
from simulation.families.orders_only.parameters import Parameters, draw_parameters
from simulation.families.orders_only.population import (
    TRADES,
    People,
    Pools,
    Shops,
    draw_people,
    draw_shops,
)

# what becomes of an order; `fulfilment` reads these
NORMAL, EMPTY, GIFT, RETURNED_GOODS, NO_PARCEL, PRE_SALE, COURIER = range(7)
BY_BUYER = -2  # payer, address or device of the buyer's household


@dataclass
class Catalogue:
    """Goods of all shops, one behind another; `first[shop]` is a shop's first product."""

    first: np.ndarray
    count: np.ndarray
    price: np.ndarray
    weight_g: np.ndarray
    popularity: np.ndarray

    def pick(self, r: np.random.Generator, shop: int, n: int) -> np.ndarray:
        """Products of a shop by popularity."""
        rows = slice(self.first[shop], self.first[shop] + self.count[shop])
        mass = np.cumsum(self.popularity[rows])
        return self.first[shop] + np.searchsorted(mass, r.random(n) * mass[-1])


def _draw_catalogue(r: np.random.Generator, shops: Shops) -> Catalogue:
    first = np.concatenate([[0], np.cumsum(shops.products)])[:-1]
    shop = np.repeat(np.arange(len(shops)), shops.products)
    total = len(shop)
    level = np.exp(r.normal(0.0, 0.4, len(shops)))
    price = np.array([t.price for t in TRADES])[shops.trade] * level
    sigma = np.array([t.price_sigma for t in TRADES])[shops.trade]
    weight = np.array([t.weight_g for t in TRADES])[shops.trade] * np.exp(
        r.normal(0.0, 0.35, len(shops))
    )
    raw = price[shop] * np.exp(sigma[shop] * r.normal(size=total))
    return Catalogue(
        first=first,
        count=shops.products,
        price=np.where(raw > 12, np.floor(raw) - 0.1, np.round(raw, 1) + 0.1),
        weight_g=np.maximum(weight[shop] * np.exp(r.normal(0.0, 0.6, total)), 6.0),
        popularity=r.pareto(1.1, total) + 0.05,
    )


@dataclass
class Market:
    """One platform; `orders` collects rows, `tags` the honest look-alikes by shop."""

    r: np.random.Generator
    p: Parameters
    people: People
    pools: Pools
    shops: Shops
    catalogue: Catalogue
    orders: ColumnBuffer
    tags: list[tuple[int, str]] = field(default_factory=list)
    resource_kind: dict[int, str] = field(default_factory=dict)
    next_number: int = 0

    def numbers(self, n: int) -> np.ndarray:
        """Fresh numbers for devices, payers, addresses or waybills that no household has."""
        self.next_number += n
        return np.arange(self.next_number - n, self.next_number)

    def sell(self, shop: int, buyer: np.ndarray, placed: np.ndarray, **columns: Any) -> None:
        """Add orders of a shop; prices follow from product, quantity and discount."""
        r, n = self.r, len(buyer)
        product = columns.pop("product", None)
        if product is None:
            product = self.catalogue.pick(r, shop, n)
        quantity = columns.pop("quantity", None)
        if quantity is None:
            quantity = 1 + r.poisson(0.25, n)
        cut = columns.pop("discount", None)
        if cut is None:
            cut = np.clip(self.shops.discount[shop] + r.normal(0, 0.08, n), 0.0, 0.85)
        gap = columns.pop("paid_gap", None)
        if gap is None:
            gap = np.exp(r.normal(3.0, 1.1, n))
            gap = np.where(r.random(n) < self.shops.unpaid[shop], np.nan, gap)
        listed = self.catalogue.price[product] * quantity
        merchant = np.minimum(r.geometric(0.7, n) - 1, self.shops.merchants[shop] - 1)
        self.orders.add(
            n,
            shop=shop,
            buyer=buyer,
            placed=placed,
            product=product,
            quantity=quantity,
            list_amount=np.round(listed, 2),
            paid_amount=np.round(listed * (1.0 - cut), 2),
            paid_gap=gap,
            merchant=shop * 10 + merchant,
            **columns,
        )


def open_market(seed: int) -> Market:
    """Draw parameters, people, shops and goods of a seed; nothing is sold yet."""
    r = np.random.default_rng([seed, 35_071])
    p = draw_parameters(r, seed)
    people, shops = draw_people(r, p), draw_shops(r, p)
    buffer = ColumnBuffer(
        shop=0,
        merchant=-1,
        product=0,
        buyer=0,
        placed=0.0,
        paid_gap=np.nan,
        quantity=1,
        list_amount=0.0,
        paid_amount=0.0,
        payer=BY_BUYER,
        address=BY_BUYER,
        device=BY_BUYER,
        session=-1,
        fate=NORMAL,
        refund_after=np.nan,
        rating=0,
        sender=-1,
        lot=-1,
        scheme=0,
        false=False,
        beneficiary=-1,
    )
    market = Market(
        r, p, people, Pools(people), shops, _draw_catalogue(r, shops), buffer, next_number=3_000_000
    )
    return market
