"""Pseudonymous identifiers and time columns: integers inside, Arrow columns outside."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MINUTE = 60.0
HOUR = 3600.0
DAY = 86_400.0


def scramble(values: np.ndarray, salt: int) -> np.ndarray:
    """Bijective scramble of int64 indices to 60-bit numbers, so that ids carry no information.

    References
    ----------
    The finaliser of splitmix64: Steele, Lea and Flood, OOPSLA 2014.
    """
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((z ^ (z >> np.uint64(31))) >> np.uint64(4)).astype(np.int64)


SALT_BY_KIND = {
    "operator": 1,
    "account": 2,
    "session": 3,
    "device": 4,
    "ip": 5,
    "order": 6,
    "product": 7,
    "payer": 8,
    "address": 9,
    "waybill": 10,
    "sender": 11,
    "text": 12,
    "room": 13,
    "streamer": 14,
    "mcn": 15,
    "merchant": 16,
    "complaint": 17,
    "notice": 18,
    "disposition": 19,
    "recruiter": 20,
}
PREFIX_BY_KIND = {
    "operator": "o",
    "account": "a",
    "session": "s",
    "device": "d",
    "ip": "ip",
    "order": "r",
    "product": "p",
    "payer": "y",
    "address": "h",
    "waybill": "w",
    "sender": "n",
    "text": "t",
    "room": "m",
    "streamer": "l",
    "mcn": "c",
    "merchant": "b",
    "complaint": "k",
    "notice": "x",
    "disposition": "z",
    "recruiter": "q",
}


def make_ids(kind: str, index: np.ndarray) -> pa.Array:
    """Identifiers of a kind for integer indices; a negative index becomes null."""
    index = np.asarray(index, dtype=np.int64)
    text = pc.cast(pa.array(scramble(index, SALT_BY_KIND[kind])), pa.string())
    ids = pc.binary_join_element_wise(pa.scalar(PREFIX_BY_KIND[kind]), text, pa.scalar(""))
    return pc.if_else(pa.array(index >= 0), ids, pa.scalar(None, pa.string()))


def take_labels(values: list[str], index: np.ndarray) -> pa.Array:
    """Labels at integer positions of `values`; a negative position becomes null."""
    index = np.asarray(index, dtype=np.int32)
    codes = pa.array(index, mask=index < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(values)).dictionary_decode()


def to_timestamps(seconds: np.ndarray) -> pa.Array:
    """Timestamps from seconds since the epoch, truncated to milliseconds; NaN becomes null."""
    seconds = np.asarray(seconds, dtype=float)
    absent = np.isnan(seconds)
    millis = np.floor(np.where(absent, 0.0, seconds) * 1000).astype(np.int64)
    return pa.array(millis * 1000, mask=absent).cast(pa.timestamp("us"))
