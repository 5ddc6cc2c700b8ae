"""What a seed decides about the regional platform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.event_delivery.patrol import PatrolPlan

DAY, HOUR, MINUTE = 86_400.0, 3_600.0, 60.0
SLOT_SECONDS = 600.0  # which rooms are open is looked up in slots of ten minutes
OPERATORS, DAYS = 40, 21
TRADES = ("produce", "clothing", "snacks", "opera", "supermarket", "phones", "studio")
PRICE_CNY = np.array([28.0, 69.0, 19.0, 15.0, 35.0, 640.0, 260.0])
GOODS_GRAMS = np.array([2_600.0, 450.0, 520.0, 90.0, 1_500.0, 380.0, 300.0])
SOURCES = ("feed", "follow", "search", "share", "raid", "boost", "activity", "direct")
FEED, FOLLOW, SEARCH, SHARE, RAID, BOOST, ACTIVITY, DIRECT = range(8)
NETWORKS = ("mobile", "broadband", "campus", "office", "datacentre", "proxy")
MOBILE, BROADBAND, CAMPUS = 0, 1, 2
KINDS = ("like", "comment", "follow", "unfollow", "share", "product_click")
LIKE, COMMENT, NEW_FAN, LOST_FAN, SHARED_LINK, CLICK = range(6)
SCHEMES = (
    "honest",
    "phone_shop",
    "chat_group",
    "rejoining_phones",
    "mcn_roster",
    "auto_taps",
    "neighbour_brushing",
    "mcn_orders",
    "hostile_refusals",
    "coupon_abuse",
)
CODE = {name: code for code, name in enumerate(SCHEMES)}
OPTIONAL_TABLES = (
    "accounts",
    "boosts",
    "complaints",
    "dispositions",
    "notices",
    "parcels",
    "refunds",
    "reviews",
    "room_links",
    "session_totals",
)
OPTIONAL_COLUMNS = (
    "views.app_version",
    "views.asn_kind",
    "views.entry_source",
    "views.ip_prefix",
    "views.region",
    "orders.address_id",
    "orders.device_id",
    "orders.list_amount",
    "orders.payer_id",
    "orders.session_id",
    "parcels.goods_weight_g",
    "parcels.scans",
    "accounts.referrer_id",
    "accounts.registered_at",
    "sessions.streamer_ids",
    "sessions.virtual_host",
)


@dataclass(frozen=True)
class Settings:
    """Parameters of one platform; shares are 0 to 1.

    Parameters
    ----------
    people
        Accounts of the region.
    townships, relays
        Places, and addresses of the carrier behind which everybody is.
    shared_phones
        Share of accounts that use a relative's phone.
    cash
        Share of orders that are paid at the door.
    no_device, no_leave
        Shares of views that lack them.
    care
        How far cheats hide, 0 naive to 1 careful.
    intensity
        Scale of false figures relative to honest ones.
    """

    people: int
    townships: int
    relays: int
    start: float
    tail_days: int
    blocks_per_day: float
    shared_phones: float
    cash: float
    no_device: float
    no_leave: float
    cheats: float
    care: float
    intensity: float
    rival: bool
    festivals: int
    clock_seconds: float
    batch_seconds: float
    late_rows: float
    missing_tables: tuple[str, ...]
    missing_columns: tuple[str, ...]
    judged_kind: str
    patrol: PatrolPlan

    @property
    def end(self) -> float:
        """Moment at which the lake was copied."""
        return self.start + (DAYS + self.tail_days) * DAY

    @property
    def last(self) -> float:
        """End of the last day with sessions."""
        return self.start + DAYS * DAY


def draw_settings(rng: np.random.Generator) -> Settings:
    """Draw the parameters of one platform."""
    first = int(np.datetime64("2025-01-06").astype(int)) + int(rng.integers(0, 300))
    cheats = 0.0 if rng.random() < 0.1 else float(rng.uniform(0.03, 0.4))
    people = int(rng.integers(1_500, 3_400))
    tables = [t for t in OPTIONAL_TABLES if rng.random() < 0.22]
    columns = [c for c in OPTIONAL_COLUMNS if rng.random() < 0.15]
    return Settings(
        people=people,
        townships=int(rng.integers(9, 22)),
        relays=int(rng.integers(1, 5)),
        start=first * DAY - 8 * HOUR,
        tail_days=int(rng.integers(3, 8)),
        blocks_per_day=float(rng.uniform(22_000, 42_000) / people / DAYS),
        shared_phones=float(rng.uniform(0.08, 0.35)),
        cash=float(rng.uniform(0.15, 0.7)),
        no_device=float(rng.choice([0.01, 0.1, 1.0], p=[0.6, 0.3, 0.1])),
        no_leave=float(rng.choice([0.0, 0.05, 0.4], p=[0.4, 0.4, 0.2])),
        cheats=cheats,
        care=float(rng.uniform(0.05, 0.95)),
        intensity=float(np.exp(rng.normal(0, 0.5))),
        rival=bool(cheats > 0 and rng.random() < 0.5),
        festivals=int(rng.integers(1, 6)),
        clock_seconds=float(rng.choice([1.0, 10.0, 60.0], p=[0.25, 0.2, 0.55])),
        batch_seconds=float(rng.choice([0.0, HOUR, DAY], p=[0.3, 0.3, 0.4])),
        late_rows=float(rng.choice([0.0, 0.01, 0.04])),
        missing_tables=tuple(tables),
        missing_columns=tuple(columns),
        judged_kind=str(rng.choice(["session", "order", "operator"], p=[0.5, 0.15, 0.35])),
        patrol=PatrolPlan(
            verdicts=int(rng.integers(0, 41)),
            audited=float(rng.uniform(0, 0.4)),
            wrong=float(rng.uniform(0, 0.08)),
            delay_days=float(rng.uniform(1, 5)),
            appeals=float(rng.uniform(0, 0.2)),
        ),
    )
