"""The families of simulated platforms, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data_contracts.errors import LakeProblem
from simulation.families import (
    bazaar,
    brand_rooms,
    counters_only,
    followers_market,
    mass_feed,
    night_market,
    orders_only,
    own_platforms,
    screened_shops,
    small_region,
    watched_rooms,
)


@dataclass(frozen=True)
class Family:
    """A family of platforms: the same seed gives the same bytes.

    `write` takes the folder of the lake, the folder of the truth and the seed.
    """

    name: str
    summary: str
    write: Callable[[Path, Path, int], None]


FAMILIES: tuple[Family, ...] = (
    Family(
        "first_platform",
        "The simulator that trains the models, with cheating and schemes drawn per seed.",
        own_platforms.write_first_platform,
    ),
    Family(
        "second_platform",
        "The simulator by other mechanics, whose vendors sell fraud, with cheating drawn per seed.",
        own_platforms.write_second_platform,
    ),
    Family(
        "mass_feed",
        "A mass platform whose recommender tests rooms on strangers, then widens or cuts.",
        mass_feed.write,
    ),
    Family(
        "counters_only",
        "Rooms of which an outside collector polls the public counters by minute, and no events.",
        counters_only.write,
    ),
    Family(
        "orders_only",
        "A platform of ten trades that delivers orders and what follows them, but no sessions.",
        orders_only.write,
    ),
    Family(
        "bazaar",
        "County markets and farmers, written by others: battles, village groups, hired people.",
        bazaar.write,
    ),
    Family(
        "brand_rooms",
        "Brands whose rooms are open day and night, with mostly anonymous viewers.",
        brand_rooms.write,
    ),
    Family(
        "small_region",
        "Forty operators of one county, whose few thousand people meet in most rooms.",
        small_region.write,
    ),
    Family(
        "followers_market",
        "Hosts who sell to followers that come back daily by notice, chat group and shared link.",
        followers_market.write,
    ),
    Family(
        "honest_town",
        "A harbour town of evening markets where nobody cheats and every look-alike lives.",
        night_market.write_honest_town,
    ),
    Family(
        "half_rotten",
        "The harbour town where half of the operators cheat by all schemes, most by several.",
        night_market.write_half_rotten,
    ),
    Family(
        "screened_shops",
        "Shops that a screening chose, with a few days of orders alone, of which many cheat.",
        screened_shops.write,
    ),
    Family(
        "watched_rooms",
        "Few rooms that a collector watches in windows, by their joins or public counters.",
        watched_rooms.write,
    ),
)


def family_named(name: str) -> Family:
    """The family of a name.

    Raises
    ------
    LakeProblem
        When no family has the name.
    """
    for family in FAMILIES:
        if family.name == name:
            return family
    known = ", ".join(family.name for family in FAMILIES)
    raise LakeProblem(f"no family is called {name!r}. Families: {known}")


def truth_folder(lake: Path) -> Path:
    """Folder of a lake's truth, which lies outside the lake."""
    return lake.with_name(lake.name + ".truth")
