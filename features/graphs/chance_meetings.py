"""Expected meetings of pairs of accounts under two null models (ADR-0009)."""

from __future__ import annotations

import numpy as np
from numba import njit

from features.graphs.co_occurrence import (
    MAX_LATER_MEETINGS,
    Pairs,
    meeting_ranges,
    positions_by_number,
    sort_actions,
)


def _shares(thing: np.ndarray, at: np.ndarray, window: int, cap: int) -> np.ndarray:
    """For each action in order: the share of its thing's other actions that it meets, shape (actions,)."""
    near, _rarity = meeting_ranges(thing, at, window, cap)
    others = np.bincount(thing)[thing] - 1
    return (near["ahead"] - near["back"] - 1) / np.maximum(others, 1)


@njit(cache=True, nogil=True)
def _expected(left, right, start, thing, share, acts):  # pragma: no cover - compiled
    """Expected meetings of pairs over the things that both acted on. Lists are sorted by account and thing."""
    out = np.zeros(len(left))
    for p in range(len(left)):
        i, j = start[left[p]], start[right[p]]
        while i < start[left[p] + 1] and j < start[right[p] + 1]:
            if thing[i] == thing[j]:
                out[p] += 1.0 - np.exp(-0.5 * (share[i] * acts[j] + share[j] * acts[i]))
                i += 1
                j += 1
            elif thing[i] < thing[j]:
                i += 1
            else:
                j += 1
    return out


def expected_meetings(
    account: np.ndarray,
    thing: np.ndarray,
    at: np.ndarray,
    pairs: Pairs,
    window: int,
    cap: int = MAX_LATER_MEETINGS,
) -> np.ndarray:
    """Things in which chance lets each pair meet, float64.

    On one thing: 1 - exp(-x), x the mean of a's expected meetings with b's acts put anywhere among the thing's acts, and
    of b's with a's. So an account that comes in often, or at a minute when many do, is expected to meet more.
    """
    a, t, w = sort_actions(account, thing, at)
    share = _shares(t, w, window, cap)
    order = positions_by_number(
        a, np.concatenate([[0], np.cumsum(np.bincount(a))])
    )  # by thing within an account, for so they are given
    a, t, share = a[order], t[order], share[order]
    first = (
        np.flatnonzero(np.append(True, (a[1:] != a[:-1]) | (t[1:] != t[:-1])))
        if len(a)
        else np.zeros(0, np.int64)
    )
    acts = np.diff(np.append(first, len(a))).astype(np.float64)
    share = np.add.reduceat(share, first) if len(first) else share
    a, t = a[first], t[first]
    n_accounts = int(max(a.max(initial=-1), pairs.right.max(initial=-1))) + 1
    start = np.concatenate([[0], np.cumsum(np.bincount(a, minlength=n_accounts))]).astype(np.int64)
    return _expected(pairs.left, pairs.right, start, t, share, acts)


def expected_by_popularity(
    account: np.ndarray,
    thing: np.ndarray,
    at: np.ndarray,
    pairs: Pairs,
    window: int,
    cap: int = MAX_LATER_MEETINGS,
) -> np.ndarray:
    """Meetings that chance brings to each pair when every act could have been anybody's, by how much each account acts.

    The other null: things have their crowds, but who comes is left to chance as well. It sees campaigns in which the
    same hands come to the same things, and mistakes shared interest for one.
    """
    a, t, w = sort_actions(account, thing, at)
    n = int(max(a.max(initial=-1), pairs.right.max(initial=-1))) + 1
    sizes = np.bincount(t, minlength=int(t.max(initial=-1)) + 1)
    met = _shares(t, w, window, cap) * np.maximum(sizes[t] - 1, 0)
    near, acts = np.bincount(a, met, n), np.bincount(a, minlength=n).astype(np.float64)
    mu = (
        0.5
        * (near[pairs.left] * acts[pairs.right] + near[pairs.right] * acts[pairs.left])
        / max(len(a), 1)
    )
    return np.minimum(mu, np.minimum(acts[pairs.left], acts[pairs.right]))
