"""Claims about conformal selection: the bound on false discoveries holds, and what it costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from serving.policy import load_policy
from serving.selection import selected
from serving.tiers import Standing, decide
from training.conformal import conformal_p, honest_scores

POLICY = load_policy()
WIDE = replace(POLICY, tiers=replace(POLICY.tiers, capacity_B=1.0, capacity_C=1.0, capacity_D=1.0))


def test_a_p_value_counts_the_honest_that_look_as_suspicious_and_the_operator_itself():
    honest = np.array([0.1, 0.2, 0.2, 0.9])
    assert conformal_p(np.array([0.2, 0.21, 0.95, 0.0]), honest).tolist() == [4 / 5, 2 / 5, 1 / 5, 1.0]


def test_the_step_up_selects_at_its_bar_and_not_beyond():
    assert selected({"a": 0.02, "b": 0.04, "c": 0.5, "d": 0.9}, 0.08) == {"a", "b"}
    assert selected({"a": 0.02, "b": 0.0401, "c": 0.5, "d": 0.9}, 0.08) == {"a"}
    assert selected({"a": 0.0201, "b": 0.0401, "c": 0.5, "d": 0.9}, 0.08) == frozenset()
    assert selected({}, 0.1) == frozenset()


@pytest.mark.parametrize(("cheats", "shift"), [(0, 0.0), (10, 3.0), (40, 2.0), (40, 4.0)])
def test_over_many_draws_the_share_of_honest_among_the_selected_stays_below_the_level(cheats, shift):
    rng, level, shares, found = np.random.default_rng(5), 0.10, [], []
    for _ in range(400):
        honest = np.sort(rng.normal(size=300))
        score = np.concatenate([rng.normal(size=200), rng.normal(size=cheats) + shift])
        p = {str(i): x for i, x in enumerate(conformal_p(score, honest))}
        chosen = selected(p, level)
        wrong = sum(int(k) < 200 for k in chosen)
        shares.append(wrong / max(len(chosen), 1))
        found.append((len(chosen) - wrong) / max(cheats, 1))
    assert np.mean(shares) <= level + 2 * np.std(shares) / np.sqrt(400)
    if shift >= 4:
        assert np.mean(found) > 0.8  # it is not kept by selecting nobody


def test_the_yardstick_has_one_score_of_each_honest_entity_and_none_of_the_confirmed():
    entity = pd.Series(["a", "a", "b", "c", "d"])
    found = honest_scores(np.array([1.0, 2.0, 3.0, 9.0, np.nan]), np.array([0, 0, 0, 1, 0]), np.zeros(5, bool), entity)
    assert found.tolist() == [2.0, 3.0]


def test_audited_entities_alone_are_the_yardstick_where_there_are_enough():
    n = 60
    entity = pd.Series([f"e{i}" for i in range(2 * n)])
    raw = np.concatenate([np.zeros(n), np.full(n, 5.0)])
    found = honest_scores(raw, np.zeros(2 * n), np.arange(2 * n) < n, entity)
    assert len(found) == n and found.max() == 0


def standing(name: str, p: float | None, risk: float = 0.9) -> Standing:
    return Standing(name, risk, 0.5, 0, 30.0, 100.0, p_value=p)


def test_a_review_needs_a_rarity_among_the_honest_and_a_warning_the_bound():
    bar = POLICY.tiers.review_honest
    crowd = [standing(f"h{i}", 0.5, 0.01) for i in range(18)]

    def tier_of(p):
        return next(d.tier for d in decide([*crowd, standing("o", p)], WIDE, "m") if d.operator_id == "o")

    assert tier_of(bar + 1e-9) == "A"
    assert tier_of(bar) == "B"  # 0.01 > 0.1 * 1 / 19: reviewed, not selected
    assert tier_of(0.1 / 19) == "D"
    assert tier_of(None) == "D"  # no honest operator known: no bound, as before


def test_more_suspicious_than_every_honest_operator_known_is_enough_for_a_review():
    crowd = [standing(f"h{i}", 0.5, 0.01) for i in range(18)]
    few = replace(standing("o", 0.05), rarest=True)  # nineteen honest ones are known: 1 / 20 is as rare as it gets
    made = {d.operator_id: d.tier for d in decide([*crowd, few], WIDE, "m")}
    assert made["o"] == "B" and set(made.values()) == {"A", "B"}


def test_the_share_is_said_in_words():
    made = decide([standing("o", 0.004)], WIDE, "m")[0]
    assert "0.4% of honest operators" in made.why_en and "0.4%" in made.why_zh
