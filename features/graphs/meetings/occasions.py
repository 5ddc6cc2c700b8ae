"""Occasions: repeated delivery, lost connections and rejoining neither hide nor make a meeting.

An action that follows another of the same account on the same thing within a pause belongs to the
same occasion. Accounts that come back later are compared by first occasions too, for chance would
explain the meetings of accounts that come often (ADR-0181).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.special import gdtr

from features.graphs.meetings.co_occurrence import Pairs, meeting_ranges, positions_by_number


@njit(cache=True, nogil=True)
def _occasions(account, thing, at, pause, accounts):  # pragma: no cover - compiled
    """Mark of actions sorted by thing and time: 2 first on its thing, 1 later occasion, 0 none."""
    on, last = np.full(accounts, -1, np.int64), np.zeros(accounts, np.int64)
    out = np.empty(len(account), np.uint8)
    for i in range(len(account)):
        a = account[i]
        if on[a] != thing[i]:
            out[i] = 2
        else:
            out[i] = at[i] - last[a] > pause
        on[a], last[a] = thing[i], at[i]
    return out


def distinct_occasions(
    account: np.ndarray, thing: np.ndarray, at: np.ndarray, pause: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Actions that begin an occasion, sorted by thing, time and account.

    An action within `pause` of the account's action before it on the same thing begins none.
    Accounts and things are numbers from 0.

    Returns
    -------
    tuple
        Accounts, things, times, and whether each is the account's first on its thing.
    """
    if (np.diff(thing) < 0).any() or ((np.diff(thing) == 0) & (np.diff(at) < 0)).any():
        order = np.lexsort((account, at, thing))
        account, thing, at = account[order], thing[order], at[order]
    mark = _occasions(account, thing, at, pause, int(account.max(initial=-1)) + 1)
    kept = mark > 0
    return account[kept], thing[kept], at[kept], mark[kept] == 2


@njit(cache=True, nogil=True)
def _meet_first(left, right, start, thing, at, share, window):  # pragma: no cover - compiled
    """Things in which the first occasions of pairs met, and the number by chance."""
    met, expected = np.zeros(len(left), np.int32), np.zeros(len(left))
    for p in range(len(left)):
        i, j = start[left[p]], start[right[p]]
        while i < start[left[p] + 1] and j < start[right[p] + 1]:
            if thing[i] == thing[j]:
                met[p] += abs(at[i] - at[j]) <= window
                expected[p] += 1.0 - np.exp(-0.5 * (share[i] + share[j]))
                i += 1
                j += 1
            elif thing[i] < thing[j]:
                i += 1
            else:
                j += 1
    return met, expected


def by_first_occasions(
    occasions: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    pairs: Pairs,
    expected: np.ndarray,
    window: int,
    least: int,
) -> tuple[Pairs, np.ndarray]:
    """Pairs and their expected meetings, by first occasions where these are the less likely.

    Only pairs with an account that came back are looked at; for others both counts are one.
    """
    account, thing, at, first = occasions
    n = int(account.max(initial=-1)) + 1
    back = np.bincount(account[~first], minlength=n) > 0
    rows = np.flatnonzero(back[pairs.left] | back[pairs.right])
    if not len(rows):
        return pairs, expected
    account, thing, at = account[first], thing[first], at[first]
    near, _rarity = meeting_ranges(thing, at, window, len(thing))
    others = np.maximum(np.bincount(thing)[thing] - 1, 1)
    share = (near["ahead"] - near["back"] - 1) / others
    start = np.concatenate([[0], np.cumsum(np.bincount(account, minlength=n))]).astype(np.int64)
    order = positions_by_number(account, start)
    met, chance = _meet_first(
        pairs.left[rows], pairs.right[rows], start, thing[order], at[order], share[order], window
    )
    likely = gdtr(1.0, pairs.things[rows], np.maximum(expected[rows], 1e-12))
    less_likely = (met >= least) & (gdtr(1.0, met, np.maximum(chance, 1e-12)) < likely)
    rows, met, chance = rows[less_likely], met[less_likely], chance[less_likely]
    things, rarity, by_chance = pairs.things.copy(), pairs.rarity.copy(), expected.copy()
    rarity[rows] *= (met / things[rows]).astype(np.float32)
    things[rows], by_chance[rows] = met, chance
    return Pairs(pairs.left, pairs.right, things, rarity), by_chance
