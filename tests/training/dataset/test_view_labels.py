"""Labels of views are imputed from verdicts on their sessions."""

from __future__ import annotations

import numpy as np

from training.dataset.view_labels import impute_view_labels


def blamed(scores_by_pass: list[list[float]], confirmed: list[int]) -> list[int]:
    """Labels when boosters give these log-odds, pass by pass."""
    passes = iter(scores_by_pass)
    return impute_view_labels(
        np.array(confirmed), lambda label: np.array(next(passes), dtype=float)
    ).tolist()


def test_only_conspicuous_views_are_called_false():
    """Only the views by which a confirmed session stands out are called false.

    150 views of cleared sessions score 0 or 1; of a confirmed session's four views two score 6, two
    as the cleared ones do.
    """
    confirmed = [0] * 150 + [1] * 4
    scores = [0.0, 1.0] * 75 + [6.0, 0.0, 6.0, 1.0]
    assert blamed([scores, scores], confirmed) == [0] * 150 + [1, 0, 1, 0]


def test_the_second_pass_learns_from_the_labels_of_the_first():
    """The second pass learns from the labels of the first."""
    seen: list[list[int]] = []
    confirmed = np.array([0] * 150 + [1] * 4)
    scores = np.array([0.0, 1.0] * 75 + [6.0, 0.0, 6.0, 1.0])

    def score(label: np.ndarray) -> np.ndarray:
        seen.append(label[150:].tolist())
        return scores

    impute_view_labels(confirmed, score)
    assert seen == [[1, 1, 1, 1], [1, 0, 1, 0]]


def test_views_of_cleared_sessions_are_never_called_false():
    """Views of cleared sessions are never called false."""
    scores = [9.0] * 5 + [0.0] * 145 + [9.0] * 4
    assert sum(blamed([scores, scores], [0] * 150 + [1] * 4)[:150]) == 0


def test_where_no_group_can_be_left_out_the_verdict_of_the_session_stands():
    """The verdict of the session stands where no group can be left out."""
    assert blamed([[float("nan")] * 4], [0, 0, 1, 1]) == [0, 0, 1, 1]
