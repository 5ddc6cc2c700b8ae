"""Small region: a county's own platform, where everybody knows everybody.

The world. Forty operators broadcast for three weeks to a few thousand people of one county and
its children in the cities. Views come out of people's days: early risers, noon rest and evenings
are blocks of phone time in which they flip through the rooms that are open, first to kin and
neighbours. So the same people meet in most rooms, honestly. Clocks are coarse, tables are missing,
verdicts are few or none.

Schemes. `phone_shop`: a relative's shop plays the room on 30 to 80 phones. `chat_group`: real
neighbours come for a posted task, stay as asked, follow and go. `rejoining_phones`: a few phones
open the room again and again. `mcn_roster`: one MCN's hosts and staff sit in each other's rooms
by a list. `auto_taps`: a clicker likes at a constant gap. `neighbour_brushing`: a handful of
brushers, whose parcels the courier hands over, or empty ones. `mcn_orders`: the roster orders and
gives back. `hostile_refusals`: a rival's friends order cash on delivery and refuse at the door.
`coupon_abuse`: a family takes the coupon for new customers with each account (abuse by buyers).

Look-alikes. Kin who watch everything, hosts who visit each other, weddings and festivals that a
township joins by one link, market mornings, raids, elders who tap thousands of likes, a greeting
that everybody copies, village groups behind one payer and address, children who pay for parents,
shared phones, one courier station and sender, the carrier's few addresses, same-day parcels, cash
that is refused, light goods, students behind a campus, new accounts of the old, test streams.

Realistic: dense honest co-visitation, ties, habits of each operator on every rate, cash at the
door. Not realistic: no news, nobody learns, ties do not change, rates are plausible guesses. The
author had the contracts and the domain page at hand and no detector.
"""

from __future__ import annotations

from pathlib import Path

from simulation.families.small_region.platform import build_platform


def write(lake: Path, truth: Path, seed: int) -> None:
    """Write the lake of one seed, and the truth about it.

    Parameters
    ----------
    lake, truth
        Folders; they are created.
    seed
        Same seed, same bytes; another seed is another platform.
    """
    build_platform(lake, truth, seed)
