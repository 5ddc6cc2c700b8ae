"""Groups of accounts whose pairs meet more often than chance explains.

A pair is surprising when chance hardly brings so many meetings. Groups are components of the 2-core
of surprising pairs. Their evidence is a scan statistic: a log-likelihood ratio less the logarithm
of the choice of members.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, gdtr

from features.graphs.co_occurrence import Pairs
from features.graphs.connectivity import components, core_numbers

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
