"""Parameters, people, operators and sessions of the platform, drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DAY = 86_400.0
FIRST_MONDAY = 20_135 * DAY  # 2025-02-17, UTC
LOCAL_OFFSET = 8 * 3_600.0
TOPICS = ("apparel", "cosmetics", "kitchen", "toys", "fresh_food", "phones", "jewellery", "books")
PRICE = np.array([85.0, 65.0, 40.0, 35.0, 32.0, 650.0, 160.0, 28.0])  # CNY, median
GRAMS = np.array([450.0, 180.0, 900.0, 350.0, 2_600.0, 420.0, 45.0, 520.0])  # median
RETURNS = np.array([0.45, 0.12, 0.10, 0.09, 0.03, 0.14, 0.3, 0.04])
REGIONS = tuple(f"prov{i:02d}" for i in range(24))
TABLES_SOMETIMES_ABSENT = {
    "parcels": 0.2,
    "refunds": 0.15,
    "reviews": 0.3,
    "boosts": 0.25,
    "room_links": 0.35,
    "accounts": 0.1,
}
COLUMNS_SOMETIMES_ABSENT = {
    "views.device_id": 0.12,
    "views.ip_prefix": 0.25,
    "views.asn_kind": 0.35,
    "views.region": 0.25,
    "views.app_version": 0.4,
    "views.entry_source": 0.15,
    "interactions.text_hash": 0.25,
    "orders.payer_id": 0.3,
    "orders.address_id": 0.25,
    "orders.device_id": 0.35,
    "orders.list_amount": 0.3,
    "accounts.referrer_id": 0.4,
    "accounts.level": 0.3,
    "parcels.sender_id": 0.4,
    "parcels.scans": 0.4,
    "parcels.weight_g": 0.2,
}  # probability that a platform does not deliver it


@dataclass(frozen=True)
class Parameters:
    """What one seed draws for the whole platform; written to `world.json`."""

    seed: int
    operators: int
    days: int
    people: int
    round_minutes: int
    first_batch: float
    widen: float
    cut: float
    threshold: float
    cheat_share: float
    victim_share: float
    intensity: float
    evasion: float
    wrong_verdicts: float
    verdicts: int
    verdict_level: str
    audited_share: float
    clock_seconds: float
    anonymous: float
    no_leave: float
    absent_tables: tuple[str, ...]
    absent_columns: tuple[str, ...]


def draw_parameters(seed: int, rng: np.random.Generator) -> Parameters:
    """Draw the platform's parameters."""
    operators = int(np.exp(rng.uniform(np.log(70), np.log(180))))
    tables = tuple(t for t, odds in TABLES_SOMETIMES_ABSENT.items() if rng.random() < odds)
    columns = tuple(c for c, odds in COLUMNS_SOMETIMES_ABSENT.items() if rng.random() < odds)
    minutes = int(rng.choice([3, 5, 8]))
    verdicts = (0, int(rng.integers(5, 60)), int(rng.integers(60, 401)))
    return Parameters(
        seed=seed,
        operators=operators,
        days=int(rng.integers(12, 22)),
        people=int(rng.integers(18_000, 45_000)),
        round_minutes=minutes,
        first_batch=float(rng.uniform(1.0, 2.4)) * minutes / 5,
        widen=float(rng.uniform(1.6, 3.2)),
        cut=float(rng.uniform(0.4, 0.75)),
        threshold=float(rng.uniform(0.95, 1.25)),
        cheat_share=float(rng.uniform(0.0, 0.4)),
        victim_share=float(rng.uniform(0.0, 0.05)),
        intensity=float(np.exp(rng.uniform(np.log(0.2), np.log(1.5)))),
        evasion=float(rng.uniform(0.05, 0.95)),
        wrong_verdicts=float(rng.uniform(0.0, 0.08)),
        verdicts=verdicts[int(rng.integers(0, 3))],
        verdict_level=str(rng.choice(["session", "order", "operator"], p=[0.45, 0.15, 0.4])),
        audited_share=float(rng.uniform(0.1, 0.5)),
        clock_seconds=float(rng.choice([0.001, 1.0, 1.0, 60.0])),
        anonymous=float(rng.choice([0.0, rng.uniform(0.02, 0.35)])),
        no_leave=float(rng.choice([0.0, rng.uniform(0.005, 0.08)])),
        absent_tables=tables,
        absent_columns=columns,
    )


@dataclass(frozen=True)
class Operators:
    """Habits of each operator: one array a habit."""

    topic: np.ndarray
    region: np.ndarray
    registered: np.ndarray
    mcn: np.ndarray
    appeal: np.ndarray  # log-odds that a stranger stays
    mood: np.ndarray  # sd of appeal between sessions
    stick: np.ndarray  # factor on stays
    fans: np.ndarray  # expected followers who come to a session
    like: np.ndarray
    chat: np.ndarray
    follow: np.ndarray
    click: np.ndarray
    buy: np.ndarray
    price: np.ndarray
    returns: np.ndarray
    hour: np.ndarray
    length: np.ndarray  # minutes
    habit: np.ndarray
    custom: np.ndarray  # share of comments that copy the room's text
    traits: dict[str, np.ndarray]  # probability a session of each look-alike


TRAITS = {
    "raid": (0.2, 0.05, 0.4),
    "boost": (0.35, 0.05, 0.5),
    "fan_club": (0.12, 0.5, 1.0),
    "campus": (0.05, 0.2, 0.8),
    "idle_viewers": (0.1, 0.3, 1.0),
    "coupon_hunt": (0.25, 0.1, 0.7),
    "family_and_staff_watch": (0.3, 0.6, 1.0),
    "group_buying": (0.12, 0.1, 0.6),
    "reseller": (0.08, 0.2, 0.7),
    "presale": (0.1, 0.2, 0.8),
    "pickup_station": (0.3, 1.0, 1.0),
}  # share of operators with the trait, least and most probability in a session


def draw_operators(world: Parameters, rng: np.random.Generator) -> Operators:
    """Draw every operator's habits as random effects."""
    n = world.operators

    def spread(sd: float) -> np.ndarray:
        return np.exp(rng.normal(0.0, sd, n))

    topic = rng.integers(0, len(TOPICS), n)
    traits = {
        name: np.where(rng.random(n) < share, rng.uniform(low, high, n), 0.0)
        for name, (share, low, high) in TRAITS.items()
    }
    marathon = rng.random(n) < 0.04
    length = np.clip(np.exp(rng.normal(np.log(95), 0.6, n)), 20, 420)
    return Operators(
        topic=topic,
        region=rng.integers(0, len(REGIONS), n),
        registered=FIRST_MONDAY - rng.gamma(1.3, 280, n) * DAY - 2 * DAY,
        mcn=np.where(rng.random(n) < 0.35, rng.integers(0, 3 + n // 18, n), -1),
        appeal=rng.normal(-1.5, 0.55, n),
        mood=rng.gamma(4, 0.1, n),
        stick=spread(0.4),
        fans=4 * spread(1.2),
        like=0.25 * spread(0.7),
        chat=0.10 * spread(0.7),
        follow=0.05 * spread(0.7),
        click=0.16 * spread(0.6),
        buy=0.10 * spread(0.8),
        price=PRICE[topic] * spread(0.4),
        returns=np.clip(RETURNS[topic] * spread(0.4), 0.01, 0.8),
        hour=np.where(rng.random(n) < 0.6, rng.normal(19.5, 1.6, n), rng.uniform(7, 24, n)),
        length=np.where(marathon, 1_300, length),
        habit=np.where(marathon, 0.25, rng.beta(2.5, 2.2, n)),
        custom=np.where(rng.random(n) < 0.2, rng.uniform(0.4, 0.95, n), rng.beta(2, 10, n)),
        traits=traits,
    )


@dataclass(frozen=True)
class Sessions:
    """Sessions: operator, day, start and end in epoch seconds, mood, test stream or not."""

    operator: np.ndarray
    day: np.ndarray
    start: np.ndarray
    end: np.ndarray
    mood: np.ndarray
    test: np.ndarray

    @property
    def count(self) -> int:
        """Number of sessions."""
        return len(self.operator)


def draw_sessions(world: Parameters, operators: Operators, rng: np.random.Generator) -> Sessions:
    """Draw who broadcasts when."""
    week = np.array([0.92, 0.9, 0.95, 1.0, 1.05, 1.15, 1.1])[np.arange(world.days) % 7]
    odds = np.clip(operators.habit[:, None] * week[None, :], 0.03, 0.95)
    operator, day = np.nonzero(rng.random(odds.shape) < odds)
    n = len(operator)
    test = rng.random(n) < 0.03
    minutes = operators.length[operator] * np.exp(rng.normal(0, 0.3, n))
    minutes = np.where(test, rng.uniform(0.2, 2, n), np.clip(minutes, 8, 1_430))
    start = FIRST_MONDAY + day * DAY + operators.hour[operator] * 3_600 - LOCAL_OFFSET
    start = np.floor(start + rng.normal(0, 1_500, n))
    return Sessions(
        operator=operator,
        day=day,
        start=start,
        end=start + np.floor(60 * minutes),
        mood=rng.normal(0, 1, n) * operators.mood[operator],
        test=test,
    )
