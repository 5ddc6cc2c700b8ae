"""What a seed decides about the platform of brands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.event_delivery.patrol import PatrolPlan

DAY, HOUR, MINUTE = 86_400.0, 3_600.0, 60.0
BIN_SECONDS = 600.0  # traffic is drawn in bins of ten minutes
BINS_PER_DAY = 144
CATEGORIES = ("apparel", "beauty", "snacks", "appliances", "mother_baby", "footwear", "digital")
PRICE_CNY = np.array([129.0, 168.0, 39.0, 599.0, 145.0, 219.0, 899.0])
GOODS_GRAMS = np.array([420.0, 310.0, 900.0, 4_200.0, 1_100.0, 980.0, 560.0])
RETURN_RATE = np.array([0.34, 0.09, 0.03, 0.07, 0.06, 0.27, 0.08])
SOURCES = ("feed", "follow", "search", "share", "raid", "boost", "activity", "direct")
FEED, FOLLOW, SEARCH, SHARE, RAID, BOOST, ACTIVITY, DIRECT = range(8)
NETWORKS = ("mobile", "broadband", "campus", "office", "datacentre", "proxy")
MOBILE, BROADBAND, CAMPUS, OFFICE, DATACENTRE, PROXY = range(6)
KINDS = ("like", "comment", "follow", "unfollow", "share", "product_click")
LIKE, COMMENT, NEW_FAN, LOST_FAN, SHARED_LINK, CLICK = range(6)
OPTIONAL_TABLES = (
    "boosts",
    "complaints",
    "dispositions",
    "notices",
    "refunds",
    "reviews",
    "room_links",
    "session_totals",
    "parcels",
)
OPTIONAL_COLUMNS = (
    "views.app_version",
    "views.ip_prefix",
    "views.asn_kind",
    "views.region",
    "orders.payer_id",
    "orders.address_id",
    "orders.device_id",
    "orders.list_amount",
    "parcels.scans",
    "parcels.sender_id",
    "parcels.weight_g",
    "accounts.level",
    "accounts.registered_at",
    "sessions.streamer_ids",
)


@dataclass(frozen=True)
class Settings:
    """Parameters of one platform; shares are 0 to 1.

    Parameters
    ----------
    guests
        Share of views that carry no account.
    guest_devices
        Share of views without account that carry a device.
    unrecorded_leaves
        Share of views whose leave is not recorded.
    camouflage
        How far vendors spread stays, networks and times, 0 naive to 1 careful.
    intensity
        Scale of false figures relative to honest ones.
    """

    operators: int
    days: int
    tail_days: int
    views: float
    people: int
    regions: int
    start: float
    guests: float
    guest_devices: float
    unrecorded_leaves: float
    cheats: float
    camouflage: float
    intensity: float
    rivals: float
    multi_day: float
    clock_seconds: float
    late_rows: float
    missing_tables: tuple[str, ...]
    missing_columns: tuple[str, ...]
    judged_kind: str
    patrol: PatrolPlan

    @property
    def end(self) -> float:
        """Moment at which the lake was copied."""
        return self.start + (self.days + self.tail_days) * DAY

    @property
    def last(self) -> float:
        """End of the last day with sessions."""
        return self.start + self.days * DAY


def draw_settings(rng: np.random.Generator) -> Settings:
    """Draw the parameters of one platform."""
    week = int(rng.integers(0, 40))
    monday = int(np.datetime64("2025-02-10").astype(int)) + 7 * week
    cheats = 0.0 if rng.random() < 0.1 else float(rng.beta(1.4, 2.6) * 0.4 / 0.75)
    dropped = [t for t in OPTIONAL_TABLES if rng.random() < (0.6 if t == "session_totals" else 0.2)]
    if rng.random() < 0.75 and "parcels" in dropped:
        dropped.remove("parcels")
    blank = [c for c in OPTIONAL_COLUMNS if rng.random() < 0.14]
    verdicts = int(rng.choice([0, 30, 80, 150, 260, 400], p=[0.15, 0.2, 0.2, 0.2, 0.15, 0.1]))
    return Settings(
        operators=int(rng.integers(60, 111)),
        days=int(rng.integers(12, 16)),
        tail_days=int(rng.integers(3, 8)),
        views=float(rng.uniform(60_000, 130_000)),
        people=int(rng.integers(18_000, 40_000)),
        regions=int(rng.integers(8, 31)),
        start=monday * DAY - 8 * HOUR,
        guests=float(rng.uniform(0.45, 0.93)),
        guest_devices=float(rng.choice([0.0, 0.35, 0.7, 0.97], p=[0.15, 0.25, 0.3, 0.3])),
        unrecorded_leaves=float(rng.choice([0.02, 0.15, 0.4, 0.7], p=[0.3, 0.3, 0.25, 0.15])),
        cheats=min(cheats, 0.4),
        camouflage=float(rng.uniform(0.1, 0.95)),
        intensity=float(np.exp(rng.normal(-0.4, 0.55))),
        rivals=float(rng.uniform(0, 0.05)) * (cheats > 0),
        multi_day=float(rng.choice([0.0, 0.1, 0.25])),
        clock_seconds=float(rng.choice([0.001, 1.0, 60.0], p=[0.3, 0.5, 0.2])),
        late_rows=float(rng.choice([0.0, 0.005, 0.03])),
        missing_tables=tuple(dropped),
        missing_columns=tuple(blank),
        judged_kind=str(rng.choice(["session", "order", "operator"], p=[0.55, 0.2, 0.25])),
        patrol=PatrolPlan(
            verdicts=verdicts,
            audited=float(rng.uniform(0.1, 0.5)),
            wrong=float(rng.uniform(0, 0.08)),
            delay_days=float(rng.uniform(0.8, 4)),
            appeals=float(rng.uniform(0, 0.15)),
        ),
    )
