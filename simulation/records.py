"""Batches of events as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np


class Batch:
    """Columns of equal length that can be concatenated and selected."""

    @classmethod
    def concat(cls, batches: Iterable[Self | None]) -> Self:
        """One batch of all rows, in order; None and empty batches are skipped."""
        kept = [b for b in batches if b is not None and len(b)]
        if not kept:
            return cls(**{f.name: np.zeros(0) for f in fields(cls)})  # type: ignore
        return cls(
            **{
                f.name: np.concatenate([getattr(b, f.name) for b in kept])
                for f in fields(cls)  # type: ignore[arg-type]
            }
        )

    def select(self, rows: np.ndarray) -> Self:
        """Rows chosen by a mask or by positions."""
        names = [f.name for f in fields(self)]  # type: ignore[arg-type]
        return type(self)(**{name: getattr(self, name)[rows] for name in names})

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore


@dataclass(frozen=True)
class Sessions(Batch):
    """Sessions of one day."""

    index: np.ndarray
    operator: np.ndarray
    start: np.ndarray
    end: np.ndarray
    viewers: np.ndarray  # expected average concurrent viewers
    dwell: np.ndarray  # expected mean stay, seconds
    segment: np.ndarray  # row into the day's arrival profiles


@dataclass(frozen=True)
class Views(Batch):
    """Views of sessions; `scheme` is 0 where honest and never leaves the ground truth."""

    session: np.ndarray
    account: np.ndarray
    device: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    source: np.ndarray
    version: np.ndarray
    ip: np.ndarray
    asn: np.ndarray
    region: np.ndarray
    scheme: np.ndarray


@dataclass(frozen=True)
class Interactions(Batch):
    """Likes, comments, follows, unfollows, shares and clicks."""

    session: np.ndarray
    account: np.ndarray
    kind: np.ndarray
    at: np.ndarray
    count: np.ndarray
    text: np.ndarray
    scheme: np.ndarray


@dataclass(frozen=True)
class Orders(Batch):
    """Orders, with the payment, parcel, refund and review that follow."""

    index: np.ndarray
    session: np.ndarray
    operator: np.ndarray
    merchant: np.ndarray
    buyer: np.ndarray
    product: np.ndarray
    placed: np.ndarray
    paid: np.ndarray
    list_amount: np.ndarray
    amount: np.ndarray
    quantity: np.ndarray
    payer: np.ndarray
    address: np.ndarray
    device: np.ndarray
    scheme: np.ndarray
    beneficiary: np.ndarray
    goods_weight: np.ndarray
    weight: np.ndarray
    picked: np.ndarray
    signed: np.ndarray
    scans: np.ndarray
    waybill: np.ndarray
    sender: np.ndarray
    from_region: np.ndarray
    to_region: np.ndarray
    refund_asked: np.ndarray
    refund_paid: np.ndarray
    refund_stage: np.ndarray
    review_at: np.ndarray
    rating: np.ndarray
    review_text: np.ndarray


@dataclass(frozen=True)
class PlantedSessions(Batch):
    """Ground truth of a day: one row per session row and scheme that ran in it."""

    session: np.ndarray
    scheme: np.ndarray
    intensity: np.ndarray
    evasion: np.ndarray
    beneficiary: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[tuple[Any, ...]]) -> Self:
        """From tuples of session row, scheme number, intensity, evasion and beneficiary."""
        table = np.array(rows, dtype=float).reshape(-1, 5)
        return cls(
            session=table[:, 0].astype(int),
            scheme=table[:, 1].astype(int),
            intensity=table[:, 2],
            evasion=table[:, 3].astype(int),
            beneficiary=table[:, 4].astype(int),
        )


@dataclass(frozen=True)
class Events:
    """Views, interactions and orders of a day."""

    views: Views
    interactions: Interactions
    orders: Orders
