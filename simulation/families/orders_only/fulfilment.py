"""What happens after an order: parcels, refunds and reviews, honest and false by one process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulation.families.orders_only.market import (
    BY_BUYER,
    COURIER,
    EMPTY,
    GIFT,
    NO_PARCEL,
    PRE_SALE,
    Market,
)
from simulation.families.orders_only.parameters import DAY
from simulation.families.orders_only.population import TRADES

HOUR = 3600.0


@dataclass
class Fulfilled:
    """Rows of the four tables of trade; `row` is the position of the order."""

    orders: pd.DataFrame
    parcels: pd.DataFrame
    refunds: pd.DataFrame
    reviews: pd.DataFrame


def fulfil(market: Market) -> Fulfilled:
    """Resolve buyers' means and carry every order through."""
    o = market.orders.joined().sort_values("placed", kind="stable").reset_index(drop=True)
    r, people = market.r, market.people
    buyer = o["buyer"].to_numpy()
    device = np.where(
        (people.second_device[buyer] >= 0) & (r.random(len(o)) < 0.3),
        people.second_device[buyer],
        people.device[buyer],
    )
    # a present or a parcel for the parents goes to somebody else's door
    elsewhere = people.address[market.pools.draw(r, len(o))]
    door = np.where(r.random(len(o)) < 0.05, elsewhere, people.address[buyer])
    for column, default in (("device", device), ("payer", people.payer[buyer]), ("address", door)):
        o[column] = np.where(o[column] == BY_BUYER, default, o[column])
    o["paid"] = o["placed"] + o["paid_gap"]
    parcels = _parcels(market, o)
    refunds = _refunds(market, o, parcels)
    stopped = refunds.loc[refunds["stage"] == 0, "row"]
    parcels = parcels[~parcels["row"].isin(stopped)].reset_index(drop=True)
    return Fulfilled(o, parcels, refunds, _reviews(market, o, parcels))


def _parcels(market: Market, o: pd.DataFrame) -> pd.DataFrame:
    r, s, p = market.r, market.shops, market.p
    shop, fate = o["shop"].to_numpy(), o["fate"].to_numpy()
    n, false = len(o), o["false"].to_numpy()
    weight_fault = np.where(r.random(len(s)) < 0.06, r.uniform(0.3, 3.0, len(s)), 1.0)
    fault_from = r.uniform(0, p.days, len(s)) * DAY + p.start
    goods = market.catalogue.weight_g[o["product"]] * o["quantity"].to_numpy()
    pack = np.exp(r.normal(np.log(35), 0.7, n)) + 0.06 * goods
    weight = goods * np.exp(r.normal(0, 0.07, n)) / s.catalogue_bias[shop] + pack
    broken = (weight_fault[shop] != 1) & (o["placed"] > fault_from[shop]).to_numpy()
    weight = np.where(broken, weight * weight_fault[shop], weight)
    evasion = np.array([0.0, *(p.evasion[k] for k in p.evasion)])[o["scheme"]]
    # a careful seller of empty parcels puts a stone in
    stone = r.random(n) < evasion
    light = np.exp(r.normal(np.log(60), 0.5, n))
    weight = np.where(fate == EMPTY, np.where(stone, goods * r.uniform(0.6, 1.2, n), light), weight)
    weight = np.where(fate == GIFT, np.exp(r.normal(np.log(42), 0.25 + evasion)), weight)
    local = r.random(n) < s.local[shop] * 0.6
    to = np.where(local, s.region[shop], market.people.region[o["buyer"]])
    origin = np.where(r.random(n) < 0.06, r.integers(0, p.regions, n), s.region[shop])
    careless = (fate == EMPTY) & (r.random(n) > evasion)
    to = np.where(careless, r.integers(0, p.regions, n), to)
    wait = s.ship_hours[shop] * np.exp(r.normal(0, 0.5, n)) * HOUR
    wait = np.where(fate == PRE_SALE, wait + 2 * DAY, wait)
    wait = np.where(fate == COURIER, r.gamma(1.5, 1500, n), wait)
    far = 18 + 14 * np.abs(to - origin) ** 0.5
    travel = far * np.exp(r.normal(0, 0.35, n)) * HOUR
    travel = np.where(fate == COURIER, r.gamma(2.0, 1800, n), travel)
    travel = np.where(careless, r.gamma(2.0, 3 * HOUR, n), travel)
    scans = np.where(fate == COURIER, r.integers(1, 4, n), 3 + r.poisson(1.2 + travel / HOUR / 14))
    scans = np.where(careless, 2 + (r.random(n) < 0.3), scans)
    sender = np.where(o["sender"] >= 0, o["sender"], s.sender[shop])
    sender = np.where((fate == EMPTY) & ~stone, 7_000 + shop % 5, sender)
    sender = np.where((fate == COURIER) & (r.random(n) < 0.8), 9_000 + to, sender)
    waybill = np.where(o["lot"] >= 0, o["lot"], 100_000_000 + np.arange(n))
    picked = o["paid"].to_numpy() + wait
    known = r.random(n) < s.catalogue_known[shop]
    made = ~np.isnan(picked) & (fate != NO_PARCEL)
    # combined shipping: orders of one buyer at one shop within hours travel in one parcel
    again = (o.groupby(["shop", "buyer"])["placed"].diff() < 2 * HOUR).to_numpy()
    joined = again & ~false & (r.random(n) < 0.3)
    previous = o.groupby(["shop", "buyer"]).cumcount().to_numpy()
    waybill = np.where(joined & (previous > 0), _previous(o, waybill), waybill)
    rounded = np.round(weight, -1 if r.random() < 0.3 else 0)
    frame = pd.DataFrame(
        {
            "row": np.arange(n), "waybill": waybill, "sender": sender,
            "weight": np.clip(rounded, 5, 900_000),
            "goods": np.where(known, np.minimum(goods, 900_000), np.nan),
            "picked": picked, "signed": picked + travel, "scans": scans, "origin": origin, "to": to,
        }
    )  # fmt: skip
    return frame[made].reset_index(drop=True)


def _previous(o: pd.DataFrame, waybill: np.ndarray) -> np.ndarray:
    """Waybill of the same buyer's order before, at the same shop."""
    keys = [o["shop"], o["buyer"]]
    before = pd.Series(waybill).groupby(keys).shift(1)
    return before.fillna(pd.Series(waybill)).to_numpy().astype(np.int64)


def _refunds(market: Market, o: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    r, s, n = market.r, market.shops, len(o)
    shop = o["shop"].to_numpy()
    odds = s.return_share[shop] / (1 - s.return_share[shop]) * market.people.returns[o["buyer"]]
    wants = r.random(n) < odds / (1 + odds)
    wants &= ~o["false"].to_numpy() | (r.random(n) < 0.2)
    shipped, signed = np.full(n, np.inf), np.full(n, np.inf)
    shipped[parcels["row"]], signed[parcels["row"]] = parcels["picked"], parcels["signed"]
    paid = o["paid"].to_numpy()
    kind = r.random(n)
    after_receipt = (
        np.where(np.isfinite(signed), signed, paid + 4 * DAY) + r.gamma(1.3, 1.4, n) * DAY
    )
    regret = paid + np.exp(r.normal(np.log(1500), 1.6, n))
    asked = np.where(kind < 0.3, regret, after_receipt)
    trade = np.array([t.return_share for t in TRADES])[s.trade[shop]]
    asked = np.where(wants | (r.random(n) < 0.01 + 0.02 * trade), asked, np.nan)
    forced = o["refund_after"].to_numpy()
    asked = np.where(np.isnan(forced), asked, paid + forced)
    stage = np.where(asked < shipped, 0, np.where(asked < signed, 1, 2))
    done = asked + np.where(stage == 0, r.gamma(1.0, 2 * HOUR, n), r.gamma(2.0, 1.2 * DAY, n))
    granted = r.random(n) < 0.95
    whole = r.random(n) < 0.93
    frame = pd.DataFrame(
        {
            "row": np.arange(n),
            "asked": asked,
            "stage": stage,
            "done": np.where(granted, done, np.nan),
            "amount": np.round(o["paid_amount"] * np.where(whole, 1.0, r.uniform(0.1, 0.9, n)), 2),
        }
    )
    return frame[~np.isnan(asked)].reset_index(drop=True)


def _reviews(market: Market, o: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    r, s = market.r, market.shops
    got = o.iloc[parcels["row"]]
    n, shop = len(got), got["shop"].to_numpy()
    forced = got["rating"].to_numpy()
    writes = r.random(n) < s.review_share[shop] * market.people.reviews[got["buyer"]]
    writes |= forced > 0
    low = r.random(n) < s.low_ratings[shop]
    rating = np.where(low, r.integers(1, 4, n), np.where(r.random(n) < 0.12, 4, 5))
    rating = np.where(forced > 0, forced, rating)
    # phrases: few that everybody copies, and for false praise few of the crew's own
    common = np.floor(30 * r.random(n) ** 3).astype(np.int64)
    copied = r.random(n) < s.copied_reviews[shop]
    false = got["false"].to_numpy()
    script = 1_000 + got["scheme"].to_numpy() * 100 + shop % 40 + 5_000 * r.integers(0, 6, n)
    follows_script = false & (forced == 5) & (r.random(n) < 0.65)
    text = np.where(follows_script, script, np.where(copied, common, 1_000_000 + np.arange(n)))
    at = parcels["signed"].to_numpy() + r.gamma(1.1, 1.3, n) * DAY
    removed = (r.random(n) < np.where(rating <= 2, 0.06, 0.01)) & writes
    frame = pd.DataFrame(
        {
            "row": parcels["row"].to_numpy(), "at": at, "rating": rating, "text": text,
            "removed": np.where(removed, at + r.gamma(1.0, 1.5, n) * DAY, np.nan),
            "remover": np.where(removed, r.choice(3, n, p=[0.6, 0.1, 0.3]), -1),
        }
    )  # fmt: skip
    return frame[writes].reset_index(drop=True)
