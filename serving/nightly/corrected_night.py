"""Second stage of a night: counted figures, corrected by the scores."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from serving.figures.false_views import FalseViews, name_false_views
from serving.figures.nightly_figures import corrected_figures, night_shares
from serving.nightly.scored_night import ScoredNight
from serving.scoring.night_context import NightContext


@dataclass(frozen=True)
class CorrectedNight:
    """A scored night, with rows of the `corrected_figures` contract less the run's stamp.

    `false_views` names the views that the figures take away.
    """

    scored: ScoredNight
    figures: pd.DataFrame
    false_views: FalseViews


def correct(context: NightContext, scored: ScoredNight) -> CorrectedNight:
    """Correct the night's figures of sessions and operators, and name its false views."""
    given = (context, scored.tables, scored.entities, scored.scope, night_shares(scored.entities))
    figures, named = corrected_figures(*given), name_false_views(*given)
    return CorrectedNight(scored, figures, named)
