"""A platform that delivers trade alone: orders, parcels, refunds, reviews and who sells and buys.

Its author had the contracts and the domain page at hand and no detector.

Realistic: shops of ten trades with habits of their own on every rate, heavy-tailed sizes and
tastes, days that depend on the day before, households that share doors, cards and phones,
dormitories, pick-up stations, warehouses that send for many shops, catalogues with wrong weights,
broken scales, parcels that hold two orders, clocks of a minute, tables and columns that are
absent. Honest and false orders go through one process of shipping, refund and review.

Not realistic: no holidays, no budgets of buyers, no stock, prices do not move within a window,
people do not react to verdicts, rates are plausible guesses.

Schemes: `ring` (platforms of brushers who visit rotating shops in the same minutes), `empty_parcel`
(waybills bought and re-used, stones against the scale), `gift_parcel` (a trinket, one sender for
many), `insider` (staff, few buyers), `slot_refund` (a full slot, refunds after settlement),
`instant_refund`, `slow_drip` (a few orders a day, real goods), `swap_ship` (goods shipped and
returned), `aged_accounts` (bought or taken over), `hostile_brushing` (by a rival, with refunds or
one star). `buyer_abuse` marks a buyer's abuse, which is not a false sale.

Look-alikes: group leaders, resellers, coupon flashes with cancellations, welfare purchases of a
firm, staff days, openings among friends, mentions by a celebrity, bad batches, dormitory waves,
high returns, light goods, pre-sales, same-city couriers.
"""

from __future__ import annotations

from pathlib import Path

from simulation.families.orders_only.demand import sell_ordinarily
from simulation.families.orders_only.fulfilment import fulfil
from simulation.families.orders_only.judgements import judge
from simulation.families.orders_only.lookalikes import sell_to_lookalikes
from simulation.families.orders_only.market import open_market
from simulation.families.orders_only.platforms import attack_victims, run_platforms
from simulation.families.orders_only.schemes import sell_falsely
from simulation.families.orders_only.tables import Writer


def write(lake: Path, truth: Path, seed: int) -> None:
    """Write the lake of a seed and its truth.

    Parameters
    ----------
    lake
        Folder of the lake; one Parquet file a table.
    truth
        Folder of the truth.
    seed
        The same seed gives the same bytes.
    """
    lake.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    market = open_market(seed)
    sell_ordinarily(market)
    sell_to_lookalikes(market)
    sell_falsely(market)
    run_platforms(market)
    attack_victims(market)
    done = fulfil(market)
    writer = Writer(market, done, lake, truth)
    delivered = writer.orders()
    writer.trade()
    writer.registries()
    writer.verdicts(judge(market, done))
    writer.truths(delivered)
