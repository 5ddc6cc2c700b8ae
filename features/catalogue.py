"""The catalogue: all signals, from the modules that define them, and the digest of their code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from features.declaration import Signal, signals_in
from features.signals import peer_deviation
from features.signals.accounts import activity, traces
from features.signals.accounts import coordination as account_coordination
from features.signals.accounts import neighbours as account_neighbours
from features.signals.live import join_series, reactions, regularity, viewer_series
from features.signals.operators import (
    after_sales,
    audience,
    audience_purchases,
    audience_reputation,
    beneficiary,
    customers,
    own_history,
    public_counters,
    sales,
)
from features.signals.operators import forged_counters as operator_forged_counters
from features.signals.orders import (
    bursts,
    category_baseline,
    fulfilment,
    neighbours,
    purchase_context,
    shared_identity,
)
from features.signals.orders import coordination as order_coordination
from features.signals.sessions import (
    account_habits,
    coordination,
    expected_audience,
    forged_counters,
    join_bursts,
    own_level,
    purchase_propensity,
    view_durations,
    viewer_reputation,
    viewers,
)
from features.signals.sessions.engagement import actor_habits, per_account, repetition, sources
from features.signals.views import accounts, behaviour, entry_channels

CATALOGUE_VERSION = 2  # raised when a published name changes (ADR-0060)
# Digests of earlier catalogues that give the same values, some under former names (ADR-0060).
EQUAL_DIGESTS: frozenset[str] = frozenset()
# The order of an entity's signals is part of released models and of sums (ADR-0121).
MODULES = (
    view_durations,
    join_bursts,
    viewers,
    purchase_propensity,
    expected_audience,
    per_account,
    repetition,
    sources,
    account_habits,
    actor_habits,
    viewer_reputation,
    viewer_series,
    join_series,
    reactions,
    regularity,
    coordination,
    forged_counters,
    order_coordination,
    bursts,
    shared_identity,
    purchase_context,
    category_baseline,
    fulfilment,
    neighbours,
    account_coordination,
    activity,
    traces,
    account_neighbours,
    sales,
    after_sales,
    own_history,
    customers,
    public_counters,
    operator_forged_counters,
    audience,
    audience_reputation,
    peer_deviation,
    audience_purchases,
    beneficiary,
    behaviour,
    accounts,
    entry_channels,
    own_level,
)
CATALOGUE: tuple[Signal, ...] = signals_in(*MODULES)
BY_NAME: dict[str, Signal] = {s.name: s for s in CATALOGUE}


def of_entity(entity: str) -> tuple[Signal, ...]:
    """The catalogue's signals of one kind of entity, in order."""
    return tuple(s for s in CATALOGUE if s.entity == entity)


def signals_named(names: Iterable[str]) -> tuple[Signal, ...]:
    """The declarations of some signals, in the order of their names."""
    return tuple(BY_NAME[name] for name in names)


@cache
def digest(package: Path = Path(__file__).parent) -> str:
    """SHA-256 over every module below `package`: a changed formula is a changed catalogue."""
    whole = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name, body = path.relative_to(package).as_posix(), path.read_bytes()
        whole.update(f"{name} {hashlib.sha256(body).hexdigest()}\n".encode())
    return whole.hexdigest()
