"""Groups of accounts whose pairs meet more often than chance explains.

Two null models give the expected meetings of each pair (ADR-0009). A pair is surprising when chance
hardly brings so many. Groups are components of the 2-core of surprising pairs. Their
evidence is a scan statistic: a log-likelihood ratio less the logarithm
of the choice of members.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.special import gammaln, gdtr

from features.graphs.connectivity import components, core_numbers
from features.graphs.meetings.co_occurrence import (
    MAX_LATER_MEETINGS,
    Pairs,
    meeting_ranges,
    positions_by_number,
    sort_actions,
)

MAX_CHANCE_PROBABILITY = 1e-4  # of as many meetings as a surprising pair has
MIN_GROUP_ACCOUNTS = 4
MIN_EVIDENCE_NATS = 3.0


@dataclass(frozen=True)
class Group:
    """A lockstep group.

    Attributes
    ----------
    members
        Account ids or numbers, sorted.
    pairs
        Surprising pairs inside the group.
    meetings
        Things in which these pairs met, summed over pairs.
    density
        Share of the group's pairs that are surprising, 0 to 1.
    evidence
        Evidence against chance, in nats.
    rarity
        Mean rarity of a meeting, in nats.
    """

    members: np.ndarray
    pairs: int
    meetings: int
    density: float
    evidence: float
    rarity: float


def _shares(thing: np.ndarray, at: np.ndarray, window: int, cap: int) -> np.ndarray:
    """Share of its thing's other actions that each action meets, shape (actions,)."""
    near, _rarity = meeting_ranges(thing, at, window, cap)
    others = np.bincount(thing)[thing] - 1
    return (near["ahead"] - near["back"] - 1) / np.maximum(others, 1)


@njit(cache=True, nogil=True)
def _expected(left, right, start, thing, share, acts):  # pragma: no cover - compiled
    """Expected meetings of pairs; lists are sorted by account and thing."""
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
    """Things in which chance lets each pair meet, float64, shape (pairs,).

    One thing contributes 1 - exp(-x). Here x is the mean of a's expected meetings with b's acts
    placed at random, and of b's with a's. An account that acts often, or in a dense minute, is
    expected to meet more.
    """
    a, t, w = sort_actions(account, thing, at)
    share = _shares(t, w, window, cap)
    # things stay in order within an account, because actions come sorted by thing
    order = positions_by_number(a, np.concatenate([[0], np.cumsum(np.bincount(a))]))
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
    """Expected meetings of each pair when the accounts are random too, shape (pairs,).

    Things keep their crowds; accounts keep how much they act. This null finds campaigns in which
    the same accounts come to the same things. It mistakes shared interest for a campaign.
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


def is_surprising(
    pairs: Pairs, expected: np.ndarray, max_probability: float = MAX_CHANCE_PROBABILITY
) -> np.ndarray:
    """Whether each pair met more often than a Poisson count of its expectation explains.

    Parameters
    ----------
    pairs
        Pairs with their number of things.
    expected
        float64, shape (pairs,). Expected meetings of each pair.
    max_probability
        Largest probability of as many meetings that is still surprising.

    Returns
    -------
    numpy.ndarray
        bool, shape (pairs,).
    """
    # P(count >= k) for mean mu is the regularised incomplete gamma function at (k, expected_here)
    return gdtr(1.0, pairs.things, np.maximum(expected, 1e-12)) <= max_probability


def find_groups(
    pairs: Pairs,
    expected: np.ndarray,
    accounts: int,
    smallest: int = MIN_GROUP_ACCOUNTS,
    min_evidence_nats: float = MIN_EVIDENCE_NATS,
) -> list[Group]:
    """Find groups of surprising pairs, sorted by evidence.

    Parameters
    ----------
    pairs
        Pairs of account numbers.
    expected
        float64, shape (pairs,). Expected meetings of each pair.
    accounts
        Number of accounts from which members are chosen.
    smallest
        Fewest members of a group.
    min_evidence_nats
        Least evidence of a group, in nats.

    Returns
    -------
    list of Group
        Members are account numbers.
    """
    surprising = is_surprising(pairs, expected)
    left, right, things, rarity, expected_here = (
        pairs.left[surprising],
        pairs.right[surprising],
        pairs.things[surprising],
        pairs.rarity[surprising],
        expected[surprising],
    )
    names, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    i, j = ends[: len(left)], ends[len(left) :]
    core = core_numbers(i, j, len(names))
    kept = (core[i] >= 2) & (core[j] >= 2)
    i, j, things, rarity, expected_here = (
        i[kept],
        j[kept],
        things[kept],
        rarity[kept],
        expected_here[kept],
    )
    label = components(i, j, len(names))
    found = []
    by = np.argsort(label[i], kind="stable")
    bounds = (
        np.flatnonzero(np.append(True, np.diff(label[i][by]) != 0))
        if len(by)
        else np.zeros(0, np.int64)
    )
    for lo, hi in zip(bounds, [*bounds[1:], len(by)], strict=False):
        rows = by[lo:hi]
        inside = np.unique(np.concatenate([i[rows], j[rows]]))
        n = len(inside)
        if n < smallest:
            continue
        n_meetings, by_chance = float(things[rows].sum()), float(expected_here[rows].sum())
        # the expectation of unlinked pairs is left out of both sides, which favours the null
        ratio = (
            n_meetings * np.log(n_meetings / max(by_chance, 1e-9)) - (n_meetings - by_chance)
            if n_meetings > by_chance
            else 0.0
        )
        log_member_choices = gammaln(accounts + 1) - gammaln(n + 1) - gammaln(accounts - n + 1)
        # links were selected for surprise: subtract that choice among all pairs of the group
        all_pairs = n * (n - 1) / 2
        log_pair_choices = (
            gammaln(all_pairs + 1) - gammaln(len(rows) + 1) - gammaln(all_pairs - len(rows) + 1)
        )
        nats = float(ratio - log_member_choices - log_pair_choices)
        if nats >= min_evidence_nats:
            found.append(
                Group(
                    names[inside],
                    len(rows),
                    int(n_meetings),
                    len(rows) / all_pairs,
                    nats,
                    float(rarity[rows].sum() / n_meetings),
                )
            )
    return sorted(found, key=lambda g: -g.evidence)
