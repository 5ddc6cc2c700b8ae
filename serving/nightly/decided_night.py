"""Third stage of a night: tiers, and the tables of supervision that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from serving.nightly.corrected_night import CorrectedNight
from serving.scoring.night_context import NightContext
from serving.supervision.night_tables import supervision_tables
from serving.tiers.false_discovery import AccusationBound


@dataclass(frozen=True)
class DecidedNight:
    """A corrected night, with the tables of supervision by name, less the run's stamp.

    `bound` says whether the bound on false discoveries could be met.
    """

    corrected: CorrectedNight
    tables: dict[str, pd.DataFrame]
    bound: AccusationBound


def decide(context: NightContext, corrected: CorrectedNight) -> DecidedNight:
    """Decide the tier of each operator, and what follows from it."""
    scored = corrected.scored
    tables, bound = supervision_tables(
        context, scored.tables, scored.entities, corrected.figures, scored.rings
    )
    return DecidedNight(corrected, tables, bound)
