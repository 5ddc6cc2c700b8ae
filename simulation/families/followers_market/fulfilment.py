"""What happens after an order: parcels, refunds and reviews, honest and false by one process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulation.families.followers_market.market import EMPTY, NO_PARCEL, TRINKET, Market
from simulation.families.followers_market.parameters import DAY, HOUR, SCHEMES


@dataclass
class Fulfilled:
    """Rows of the four tables of trade; `row` is the position of the order."""

    orders: pd.DataFrame
    parcels: pd.DataFrame
    refunds: pd.DataFrame
    reviews: pd.DataFrame


def fulfil(market: Market) -> Fulfilled:
    """Carry every order through shipping, refund and review."""
    o = market.orders.joined().sort_values("placed", kind="stable").reset_index(drop=True)
    o["paid"] = o["placed"] + o["paid_gap"]
    parcels = _parcels(market, o)
    refunds = _refunds(market, o, parcels)
    stopped = refunds.loc[refunds["stage"] == 0, "row"]
    parcels = parcels[~parcels["row"].isin(stopped)].reset_index(drop=True)
    return Fulfilled(o, parcels, refunds, _reviews(market, o, parcels))


def _parcels(market: Market, o: pd.DataFrame) -> pd.DataFrame:
    r, h, p = market.r, market.hosts, market.p
    host, fate, n = o["host"].to_numpy(), o["fate"].to_numpy(), len(o)
    evasion = np.array([0.0, *(p.evasion[k] for k in SCHEMES[1:])])[o["scheme"]]
    goods = market.weight_g[o["product"]] * o["quantity"].to_numpy()
    goods = np.where(fate == TRINKET, 28.0, goods)
    box = np.exp(r.normal(np.log(45), 0.6, n)) + 0.05 * goods
    weight = goods * np.exp(r.normal(0, 0.06, n)) / h.catalogue_bias[host] + box
    filled = r.random(n) < evasion
    light = np.exp(r.normal(np.log(55), 0.4, n))
    filler = goods * r.uniform(0.5, 1.3, n)
    weight = np.where(fate == EMPTY, np.where(filled, filler, light), weight)
    careless = (fate == EMPTY) & (r.random(n) > evasion)
    origin = np.where(r.random(n) < 0.08, r.integers(0, p.regions, n), h.region[host])
    to = market.people.region[o["buyer"]]
    to = np.where(careless, r.integers(0, p.regions, n), to)
    wait = h.ship_hours[host] * np.exp(r.normal(0, 0.55, n)) * HOUR
    near = to == origin
    travel = np.where(near, 14, 30 + 6 * np.abs(to - origin) ** 0.7) * np.exp(r.normal(0, 0.4, n))
    travel = np.where(careless, r.gamma(2.0, 4, n), travel) * HOUR
    scans = np.where(careless, 2 + r.poisson(0.2, n), 2 + r.poisson(1.0 + travel / HOUR / 12))
    sender = np.where(careless, 7_000 + host % 4, h.sender[host])
    waybill = np.where(o["lot"] >= 0, o["lot"], 20_000_000 + np.arange(n))
    picked = o["paid"].to_numpy() + wait
    made = ~np.isnan(picked) & (fate != NO_PARCEL)
    known = r.random(n) < 0.92
    frame = pd.DataFrame(
        {
            "row": np.arange(n), "waybill": waybill, "sender": sender,
            "weight": np.clip(np.round(weight), 5, 900_000),
            "goods": np.where(known, np.round(np.minimum(goods, 900_000), 1), np.nan),
            "picked": picked, "signed": picked + travel, "scans": scans, "origin": origin, "to": to,
        }
    )  # fmt: skip
    return frame[made].reset_index(drop=True)


def _refunds(market: Market, o: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    r, n = market.r, len(o)
    host, scheme = o["host"].to_numpy(), o["scheme"].to_numpy()
    habit = np.exp(r.normal(0, 0.7, len(market.people.region)))[o["buyer"]]
    odds = market.hosts.return_share[host] / (1 - market.hosts.return_share[host]) * habit
    wants = r.random(n) < odds / (1 + odds)
    wants &= (scheme == 0) | (r.random(n) < 0.15)
    shipped, signed = np.full(n, np.inf), np.full(n, np.inf)
    shipped[parcels["row"]], signed[parcels["row"]] = parcels["picked"], parcels["signed"]
    paid = o["paid"].to_numpy()
    home = np.where(np.isfinite(signed), signed, paid + 4 * DAY) + r.gamma(1.3, 1.3, n) * DAY
    # some regret at once, or order again with a coupon that they found
    regret = paid + np.exp(r.normal(np.log(900), 1.6, n))
    asked = np.where(wants, np.where(r.random(n) < 0.3, regret, home), np.nan)
    asked = np.where(r.random(n) < 0.015, regret, asked)
    forced = o["refund_after"].to_numpy()
    asked = np.where(np.isnan(forced), asked, paid + forced)
    stage = np.where(asked < shipped, 0, np.where(asked < signed, 1, 2))
    done = asked + np.where(stage == 0, r.gamma(1.0, 2 * HOUR, n), r.gamma(2.0, 1.1 * DAY, n))
    part = np.where(r.random(n) < 0.92, 1.0, r.uniform(0.1, 0.9, n))
    frame = pd.DataFrame(
        {
            "row": np.arange(n), "asked": asked, "stage": stage,
            "done": np.where(r.random(n) < 0.95, done, np.nan),
            "amount": np.round(o["paid_amount"] * part, 2),
        }
    )  # fmt: skip
    return frame[~np.isnan(asked)].reset_index(drop=True)


def _reviews(market: Market, o: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    r, h = market.r, market.hosts
    got = o.iloc[parcels["row"]]
    n, host, forced = len(got), got["host"].to_numpy(), got["rating"].to_numpy()
    writes = (r.random(n) < h.review_share[host]) | (forced > 0)
    low = r.random(n) < h.low_ratings[host]
    rating = np.where(low, r.integers(1, 4, n), np.where(r.random(n) < 0.1, 4, 5))
    rating = np.where(forced > 0, forced, rating)
    copied = r.random(n) < 0.2
    phrase = np.floor(40 * r.random(n) ** 3).astype(np.int64)
    script = 800_000 + got["scheme"].to_numpy() * 1_000 + host % 50 * 10 + r.integers(0, 6, n)
    text = np.where(copied, phrase, 900_000_0 + np.arange(n))
    text = np.where((forced > 0) & (r.random(n) < 0.6), script, text)
    at = parcels["signed"].to_numpy() + r.gamma(1.1, 1.2, n) * DAY
    removed = r.random(n) < np.where(rating <= 2, 0.07, 0.01)
    frame = pd.DataFrame(
        {
            "row": parcels["row"].to_numpy(), "at": at, "rating": rating, "text": text,
            "removed": np.where(removed, at + r.gamma(1.0, 1.5, n) * DAY, np.nan),
            "remover": r.choice(3, n, p=[0.6, 0.1, 0.3]),
        }
    )  # fmt: skip
    return frame[writes].reset_index(drop=True)
