"""Brand rooms: a platform of brands whose rooms are open around the clock.

The world. Flagship stores keep one to three rooms open day and night, cut at midnight or running
for days; hosts work in shifts, some rooms leave the night to a virtual host. Most visitors are
guests: no account, often no device, often no recorded leave. They come by search, by direct link
or from the feed, compare two or three rooms of a category, ask a standard question and go. Chat
is slow, orders are many, official warehouses ship for several brands and for distributors. A
tail of small distributors broadcasts in the evening.

Schemes. `padding_pool`: a pool rotates with a cool-down through slots that are always filled.
`night_padding`: views after midnight so that the curve does not fall. `hijacked_background`:
infected apps on real phones open rooms. `reservation_wave`: bought follows before coupon hours,
by bots and paid people, some of whom leave. `flash_views`: views of seconds without an app.
`scripted_likes`: likes at a constant gap and listed comments. `gift_brushing`: hired buyers,
parcels with a small gift, nothing, or the goods. `internal_orders`: staff order for the day's
target and undo it. `slot_refund`: the sales of a promised hour, refunded. `hostile_brushing`: a
rival brushes its victim crudely, or floods it with complaints.

Look-alikes. Shop screens that play a room all day, staff who watch in office hours on one
network, canned lines of assistants at a constant gap, coupon hours with follow-to-get coupons,
coupon stackers who cancel at once, resellers, office purchases for one payer and address, family
payers, pre-sales whose balance everybody pays in the same hour, categories with high returns,
one warehouse for many merchants, streams of days, test streams of seconds, granted boosts,
shopping trips through competing rooms, carrier NAT, light goods.

Realistic: heavy tails, habits of each operator on every rate, correlated noise by room, guests,
delays by batch, verdicts that are late and selective. Not realistic: no seasons, prices do not
move, hosts have no skill of their own, texts are numbers, rates are plausible guesses. The author
had the contracts and the domain page at hand and no detector.
"""

from __future__ import annotations

from pathlib import Path

from simulation.families.brand_rooms.platform import build_platform


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
