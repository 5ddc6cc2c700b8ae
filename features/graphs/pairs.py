"""Pairs of accounts that act on the same things within the same short windows, in several things.

Sources: the similarity of SynchroTrap (Cao et al., CCS 2014) on sliding windows; CopyCatch (Beutel et al., WWW 2013)
for what a group of such pairs is. Actions are sorted by thing and time, and each meets the next few within the window:
a flash crowd then costs no more than a quiet hour, and its chance meetings are thinned while a pool that comes back
together meets again elsewhere. A counting filter keeps pairs that meet once out of memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

PLACE = np.dtype([("key", np.uint64), ("last", np.int32), ("times", np.int32), ("rarity", np.float32)], align=True)  # of one pair
AT_ONCE = 1 << 29  # pairs of actions counted in one pass; beyond it the pairs are taken in parts, each with memory of its own
CAP = 40  # an action meets at most so many later ones: pairs stay linear in actions


@dataclass(frozen=True)
class Pairs:
    """Pairs left < right of account numbers: things in which they met, and the rarity of the meetings in nats.

    Rarity is the sum over things of ln(actions on the thing / actions within the window): how little it takes chance
    to bring two of its visitors together there. A meeting in a flash crowd weighs little, one at a quiet minute much.
    """

    left: np.ndarray
    right: np.ndarray
    things: np.ndarray
    rarity: np.ndarray


@njit(cache=True, nogil=True)
def _mix(x):  # pragma: no cover - compiled
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xC4CEB9FE1A85EC53)
    x ^= x >> np.uint64(33)
    return x


@njit(cache=True, nogil=True)
def _within(thing, at, window, cap):  # pragma: no cover - compiled
    """Pairs of actions that will be looked at."""
    n, many, j = len(thing), 0, 0
    for i in range(n):
        j = max(j, i + 1)
        while j < n and thing[j] == thing[i] and at[j] - at[i] <= window:
            j += 1
        many += min(j - i - 1, cap)
    return many


@njit(cache=True, nogil=True)
def _part(h, parts):  # pragma: no cover - compiled
    """Which part a hashed pair is counted in: bits that neither the filter (the upper 31) nor the table (the lower 29) looks at."""
    return (h >> np.uint64(29)) & np.uint64(parts - 1)


@njit(cache=True, nogil=True)
def _filter(account, thing, at, window, cap, bits, part, parts):  # pragma: no cover - compiled
    """Counts of a part's hashed pairs that stop at 3, four to a byte."""
    seen = np.zeros(1 << (bits - 2), np.uint8)
    shift = np.uint64(64 - bits)
    n = len(account)
    for i in range(n):
        stop = min(n, i + 1 + cap)
        j = i + 1
        while j < stop and thing[j] == thing[i] and at[j] - at[i] <= window:
            a, b = account[i], account[j]
            if a != b:
                if a > b:
                    a, b = b, a
                h = _mix((np.uint64(a) << np.uint64(32)) | np.uint64(b))
                if _part(h, parts) == part:
                    h = h >> shift
                    place = h >> np.uint64(2)
                    left = np.uint8(2) * np.uint8(h & np.uint64(3))
                    if (seen[place] >> left) & np.uint8(3) < 3:
                        seen[place] += np.uint8(1) << left
            j += 1
    return seen


@njit(cache=True, nogil=True)
def _passing(seen, least):  # pragma: no cover - compiled
    """Counts of a filter that reach `least`."""
    many = 0
    for x in seen:
        for left in (0, 2, 4, 6):
            many += (x >> left) & 3 >= least
    return many


@njit(cache=True, nogil=True)
def _count(account, thing, at, window, cap, bits, seen, least, room, part, parts):  # pragma: no cover - compiled
    """Exact counts of a part's pairs that pass the filter, in an open table of 2**room places."""
    shift = np.uint64(64 - bits)
    enough = min(least, 3)  # as far as the filter counts
    size = 1 << room
    mask = np.uint64(size - 1)
    table = np.zeros(size, PLACE)  # what belongs to a pair lies together: one miss of the cache, not four
    n, filled = len(account), 0
    first = 0  # of the thing
    end = 0
    low = 0  # window around i
    high = 0
    for i in range(n):
        if i == 0 or thing[i] != thing[i - 1]:
            first, low = i, i
            end = i
            while end < n and thing[end] == thing[i]:
                end += 1
            high = i
        while at[low] < at[i] - window:
            low += 1
        while high < end and at[high] <= at[i] + window:
            high += 1
        weight = np.float32(np.log((end - first) / (high - low)))
        stop = min(end, i + 1 + cap)
        j = i + 1
        while j < stop and at[j] - at[i] <= window:
            a, b = account[i], account[j]
            if a != b:
                if a > b:
                    a, b = b, a
                k = (np.uint64(a) << np.uint64(32)) | np.uint64(b)
                h = _mix(k)
                few = h >> shift
                passed = (seen[few >> np.uint64(2)] >> (np.uint8(2) * np.uint8(few & np.uint64(3)))) & np.uint8(3) >= enough
                if passed and _part(h, parts) == part:
                    p = h & mask
                    while table[p].times > 0 and table[p].key != k:
                        p = (p + np.uint64(1)) & mask
                    if table[p].times == 0:
                        table[p].key = k
                        table[p].last = -1
                        filled += 1
                        if 4 * filled > 3 * size:  # too full: the caller makes a larger one
                            none = np.empty(0, np.int32)
                            return none, none, none, np.empty(0, np.float32), False
                    if table[p].last != thing[i]:
                        table[p].last = thing[i]
                        table[p].times += 1
                        table[p].rarity += weight
            j += 1
    many = 0
    for p in range(size):
        if table[p].times >= least:
            many += 1
    left, right = np.empty(many, np.int32), np.empty(many, np.int32)
    things, rare = np.empty(many, np.int32), np.empty(many, np.float32)
    q = 0
    for p in range(size):
        if table[p].times >= least:
            left[q] = np.int32(table[p].key >> np.uint64(32))
            right[q] = np.int32(table[p].key & np.uint64(0xFFFFFFFF))
            things[q], rare[q] = table[p].times, table[p].rarity
            q += 1
    return left, right, things, rare, True


def in_order(account: np.ndarray, thing: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Actions sorted by thing and time, int32 all (time from the first action on). Numbers are non-negative.

    Raises ValueError when the actions span more than 2**31 units of time.
    """
    first = int(at.min()) if len(at) else 0
    span = int(at.max()) - first + 1 if len(at) else 1
    if span >= 1 << 31:
        raise ValueError(f"actions span {span} units of time; measure time in a coarser unit")
    bits = max(span.bit_length(), 1)
    key = np.asarray(thing).astype(np.int64)
    key <<= bits
    key |= np.asarray(at).astype(np.int64) - first
    order = np.argsort(key, kind="stable")  # ties in the order given: the cap makes it matter
    key = key[order]
    return np.asarray(account)[order].astype(np.int32), (key >> bits).astype(np.int32), (key & ((1 << bits) - 1)).astype(np.int32)


def meeting_pairs(account: np.ndarray, thing: np.ndarray, at: np.ndarray, window: int, least: int = 3, cap: int = CAP) -> Pairs:
    """Pairs that met in at least `least` things within `window` (the unit of `at`), sorted by left and right.

    `account`, `thing`: numbers from 0, shape (actions,); `at`: integers. Raises ValueError on unequal lengths.
    """
    if not len(account) == len(thing) == len(at):
        raise ValueError("an action has an account, a thing and a time: the three arrays have one length")
    if not len(account):
        empty = np.zeros(0, np.int32)
        return Pairs(empty, empty, empty, np.zeros(0, np.float32))
    a, t, w = in_order(account, thing, at)
    many = int(_within(t, w, window, cap))
    parts = 1 << max(0, (many - 1) // AT_ONCE).bit_length()
    found = [_counted(a, t, w, window, cap, least, many // parts, part, parts) for part in range(parts)]
    left, right, things, rarity = (np.concatenate(x) for x in zip(*found, strict=True))
    order = np.lexsort((right, left))
    return Pairs(left[order], right[order], things[order], rarity[order])


def _counted(a: np.ndarray, t: np.ndarray, w: np.ndarray, window: int, cap: int, least: int, many: int, part: int, parts: int) -> tuple:
    """Left, right, things and rarity of one part of the pairs, of which there are about `many`; actions as `in_order` gives them."""
    bits = int(np.clip((4 * many).bit_length(), 16, 31))  # four of them a pair or more, half a gigabyte at most
    seen = _filter(a, t, w, window, cap, bits, part, parts)
    room, whole = int(max(10, (4 * _passing(seen, min(least, 3))).bit_length())), False
    while not whole:
        *found, whole = _count(a, t, w, window, cap, bits, seen, least, room, part, parts)
        room += 1
    return tuple(found)
