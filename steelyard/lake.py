"""A lake in an analyst's hands: its tables at a moment, its nights, and what people decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from data_contracts.frame_checks import accept_frames
from data_contracts.lake import Lake
from data_contracts.runs import published_runs
from features.declaration import Signal
from features.engine.snapshot import Snapshot
from features.former_names import SignalsByName
from serving.ledger.signatures import Trust, verify_signatures
from serving.ledger.verification import Finding, verify_chains, verify_decisions
from serving.nightly.what_if import what_if
from serving.oversight.random_audit import audit_estimates
from serving.policy.load import load_policy
from serving.policy.schema import Policy
from serving.scoring.scope import moment_of
from steelyard.night import NightView
from training.dataset.labels import operator_verdicts
from training.models.operator_rank import MODEL

SIGNALS: Mapping[str, Signal] = SignalsByName()


@dataclass(frozen=True)
class LakeView:
    """A lake: delivered tables and published nights. Get one from `steelyard.open_lake`."""

    lake: Lake

    @property
    def nights(self) -> list[date]:
        """Dates of the published nights, oldest first."""
        return [date.fromisoformat(night) for night in sorted(published_runs(self.lake))]

    def snapshot(self, as_of: str | date | datetime | None = None) -> Snapshot:
        """Return the tables as known at a moment; by default at the end of the latest night."""
        moment = self._latest() if as_of is None else pd.Timestamp(as_of).to_pydatetime()
        return Snapshot.open(self.lake, moment)

    def night(self, night: str | date | None = None) -> NightView:
        """Return a published night; the latest when none is named."""
        wanted = None if night is None else str(night)
        return NightView(self.lake, date.fromisoformat(wanted or max(published_runs(self.lake))))

    def verdicts(self, as_of: str | date | datetime | None = None) -> pd.DataFrame:
        """People's verdicts on operators that were known at a moment, one row an operator."""
        moment = self._latest() if as_of is None else pd.Timestamp(as_of).to_pydatetime()
        since = pd.Timestamp(0)
        return operator_verdicts(
            Snapshot.open(self.lake, moment), MODEL, since, pd.Timestamp(moment)
        )

    def audit(self) -> pd.DataFrame:
        """Recall and false accusation, estimated from the random audit, by group."""
        return audit_estimates(self.lake, load_policy())

    def try_policy(self, policy: Policy) -> pd.DataFrame:
        """Operators whose tier another policy would have changed, over all published nights."""
        return what_if(self.lake, self.nights[0], self.nights[-1], policy)

    def verify(self) -> list[Finding]:
        """Everything that is wrong with the ledger; an empty list when it is whole."""
        found = verify_decisions(self.lake) + verify_chains(self.lake)
        return found + verify_signatures(self.lake, Trust.of_user())

    def _latest(self) -> datetime:
        """Return the end of the latest published night."""
        return moment_of(self.nights[-1])


def open_lake(folder: str | Path) -> LakeView:
    """Open the folder of a lake.

    Raises
    ------
    LakeProblem
        The folder does not exist.
    """
    return LakeView(Lake.open(folder))


def snapshot(frames: Mapping[str, pd.DataFrame]) -> Snapshot:
    """Make a snapshot of pandas frames, named by their tables.

    Raises
    ------
    StructuralBreak
        A frame does not have the shape of its table.
    """
    return Snapshot.from_frames(accept_frames(frames))
