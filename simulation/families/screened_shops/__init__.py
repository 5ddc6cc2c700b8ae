"""Shops that a screening chose from a marketplace, of which only orders are delivered.

A screening asks for the shops that complaints, rules or tips name. By seed most of them cheat, or
only some. A delivery covers a few days: order, shop, buyer and time, and by seed a payer, an
address, a device, a product or amounts. Baskets arrive by the hour; a basket becomes one order or
several. Its author had the contracts and the domain page at hand and no formula of a detector, but
knew which real sets are judged.

Realistic: heavy-tailed sizes of shops and regulars, baskets that are split, payments that fail and
are repeated, hours of vouchers, clocks of a minute, few days, columns that are absent, platforms
where most of the screened cheat, fraud of a single episode beside fraud of every day.

Not realistic: no parcels, refunds, reviews or sessions, no holidays, no stock, prices do not move,
people do not react to verdicts, rates are plausible guesses.

Schemes: `one_buyer` (a brusher places several orders within minutes), `rotating_crew` (a few
brushers go from shop to shop, some orders at each), `daily_pool` (a pool of accounts orders once a
day each), `many_at_once` (bought accounts order within minutes), `staff` (one to three accounts
all day long), `careful` (as `one_buyer`, hours apart), and `hostile` (a rival's orders at a
victim, mostly unpaid).

Look-alikes: voucher_split (a voucher counts once an order, so that baskets are split),
payment_retry, reseller, group_leader (an evening of orders for neighbours), limited_drop (one
piece an order, fans order again and again), gift_sender, flash_hour, daily_habit.
"""

from __future__ import annotations

from pathlib import Path

from simulation.families.screened_shops.demand import sell_honestly
from simulation.families.screened_shops.fraud import sell_falsely
from simulation.families.screened_shops.lookalikes import sell_to_lookalikes
from simulation.families.screened_shops.market import open_market
from simulation.families.screened_shops.tables import write_tables


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
    market = open_market(seed)
    sell_honestly(market)
    sell_to_lookalikes(market)
    sell_falsely(market)
    write_tables(market, lake, truth)
