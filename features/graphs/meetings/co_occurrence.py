"""Pairs of accounts that act on the same things within the same short windows, in several things.

The similarity is SynchroTrap's (Cao et al., CCS 2014) on sliding windows. A group of such pairs is
CopyCatch's (Beutel et al., WWW 2013). Actions are sorted by thing and time, and each meets the next
few within the window. A flash crowd then costs no more than a quiet hour. Its chance meetings are
thinned, while a pool that returns together meets again in other things. Pairs are counted account
by account (ADR-0026).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

MEETING_RANGE = np.dtype(
    [("back", np.int32), ("ahead", np.int32)]
)  # of an action: together, for they are looked up together
PAIR_COUNT = np.dtype(
    [("other", np.int32), ("last", np.int32), ("times", np.int32), ("rarity", np.float32)],
    align=True,
)  # of one pair
MAX_LATER_MEETINGS = 40  # an action meets at most so many later ones: pairs stay linear in actions


@dataclass(frozen=True)
class Pairs:
    """Pairs left < right of account numbers, the things in which they met, and their rarity.

    Rarity is in nats: the sum over things of ln(actions on the thing / actions within the window).
    A meeting in a flash crowd has little rarity, one at a quiet minute much.
    """

    left: np.ndarray
    right: np.ndarray
    things: np.ndarray
    rarity: np.ndarray


@njit(cache=True, nogil=True)
def meeting_ranges(thing, at, window, cap):  # pragma: no cover - compiled
    """First and end of the actions that each sorted action meets, and the rarity of meeting."""
    n = len(thing)
    near, rarity = np.empty(n, MEETING_RANGE), np.empty(n, np.float32)
    first = 0
    while first < n:
        end = first
        while end < n and thing[end] == thing[first]:
            end += 1
        low, high = first, first
        for i in range(first, end):
            while at[low] < at[i] - window:
                low += 1
            while high < end and at[high] <= at[i] + window:
                high += 1
            rarity[i] = np.float32(np.log((end - first) / (high - low)))
            near[i].back, near[i].ahead = max(low, i - cap), min(high, i + 1 + cap)
        first = end
    return near, rarity


@njit(cache=True, nogil=True)
def _hash(x, mask):  # pragma: no cover - compiled
    return (np.uint32(x) * np.uint32(2654435761) >> np.uint32(7)) & mask


@njit(cache=True, nogil=True)
def _count_hashes(a, account, actions, near, seen, mask):  # pragma: no cover - compiled
    """Count the meetings of `a` with later accounts by their hash, up to 255.

    There is no branch, because the processor would mispredict half of them.
    """
    for i in actions:
        for j in range(near[i].back, near[i].ahead):
            h = _hash(account[j], mask)
            seen[h] += np.uint8((account[j] > a) & (seen[h] < 255))


@njit(cache=True, nogil=True)
def _count_meeting(table, mask, other, thing, rarity):  # pragma: no cover - compiled
    """Count a meeting with another account: once a thing, with the rarity of the first."""
    p = _hash(other, mask)
    while table[p].times > 0 and table[p].other != other:
        p = (p + np.uint32(1)) & mask
    if table[p].times == 0 or table[p].last != thing:
        if table[p].times == 0:
            table[p].other = other
            table[p].rarity = np.float32(0.0)
        table[p].last = thing
        table[p].times += 1
        table[p].rarity += rarity


@njit(cache=True, nogil=True)
def _count_pairs(
    account, thing, start, by_account, near, rarity, min_things
):  # pragma: no cover - compiled
    """Pairs of each account with later ones. `start` is where actions of an account begin.

    Accounts with fewer than `min_things` actions have a negative number, since no pair qualifies.
    """
    capacity, n_pairs, min_count = 1024, 0, min(min_things, 255)  # as far as the sieve counts
    left, right, things, pair_rarity = (
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.float32),
    )
    seen, table = np.zeros(1024, np.uint8), np.zeros(1024, PAIR_COUNT)
    for a in range(len(start) - 1):
        actions = by_account[start[a] : start[a + 1]]
        if len(actions) < min_things:
            continue
        n_meetings = 0
        for i in actions:
            n_meetings += near[i].ahead - near[i].back
        size = 16
        while size < 2 * n_meetings:
            size *= 2
        if size > len(seen):
            seen = np.zeros(size, np.uint8)
        seen[:size] = 0
        hash_mask = np.uint32(size - 1)
        _count_hashes(a, account, actions, near, seen, hash_mask)
        n_candidates = 0  # at least as many as there are accounts that pass the sieve
        for p in range(size):
            if seen[p] >= min_count:
                n_candidates += n_meetings if seen[p] == 255 else int(seen[p])
        if n_candidates == 0:
            continue
        size = 16
        while size < 2 * min(n_candidates, n_meetings):
            size *= 2
        if size > len(table):
            table = np.zeros(size, PAIR_COUNT)
        for p in range(size):
            table[p].times = 0
        mask = np.uint32(size - 1)
        for i in actions:
            # earlier ones first: the earliest shared action of a thing gives its rarity
            for j in range(near[i].back, near[i].ahead):
                if seen[_hash(account[j], hash_mask)] >= min_count and account[j] > a:
                    _count_meeting(table, mask, account[j], thing[i], rarity[min(i, j)])
        for p in range(size):
            if table[p].times >= min_things:
                if n_pairs == capacity:
                    capacity *= 2
                    left, right, things, pair_rarity = (
                        _grow(left, capacity),
                        _grow(right, capacity),
                        _grow(things, capacity),
                        _grow(pair_rarity, capacity),
                    )
                left[n_pairs], right[n_pairs], things[n_pairs], pair_rarity[n_pairs] = (
                    a,
                    table[p].other,
                    table[p].times,
                    table[p].rarity,
                )
                n_pairs += 1
    return left[:n_pairs], right[:n_pairs], things[:n_pairs], pair_rarity[:n_pairs]


@njit(cache=True, nogil=True)
def _grow(x, capacity):  # pragma: no cover - compiled
    out = np.empty(capacity, x.dtype)
    out[: len(x)] = x
    return out


@njit(cache=True, nogil=True)
def positions_by_number(numbers, start):  # pragma: no cover - compiled
    """Positions of each number from 0 in turn, in the order given: a sort in two passes."""
    out, fill = np.empty(len(numbers), np.int32), start.copy()
    for i in range(len(numbers)):
        out[fill[numbers[i]]] = i
        fill[numbers[i]] += 1
    return out


def sort_actions(
    account: np.ndarray, thing: np.ndarray, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort actions by thing and time; all results are int32.

    Time counts from the first action. Numbers of accounts and things are non-negative.
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
    account = np.asarray(account)
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")  # ties in the order given: the cap makes it matter
        key, account = key[order], account[order]
    return (
        account.astype(np.int32),
        (key >> bits).astype(np.int32),
        (key & ((1 << bits) - 1)).astype(np.int32),
    )


def meeting_pairs(
    account: np.ndarray,
    thing: np.ndarray,
    at: np.ndarray,
    window: int,
    min_things: int = 3,
    cap: int = MAX_LATER_MEETINGS,
) -> Pairs:
    """Pairs that met in at least `min_things` things within `window`, sorted by left and right.

    `account` and `thing` are numbers from 0, `at` integer times, all of shape (actions,). `window`
    is in the unit of `at`. Raises ValueError on unequal lengths.
    """
    if not len(account) == len(thing) == len(at):
        raise ValueError(
            "an action has an account, a thing and a time: the three arrays have one length"
        )
    if not len(account):
        empty = np.zeros(0, np.int32)
        return Pairs(empty, empty, empty, np.zeros(0, np.float32))
    a, t, w = sort_actions(account, thing, at)
    near, rarity = meeting_ranges(t, w, window, cap)
    del w
    acts = np.bincount(a)
    start = np.concatenate([[0], np.cumsum(acts)])
    by_account = positions_by_number(a, start)
    a[acts[a] < min_things] = -1
    left, right, things, rarity = _count_pairs(a, t, start, by_account, near, rarity, min_things)
    order = np.lexsort((right, left))
    return Pairs(left[order], right[order], things[order], rarity[order])
