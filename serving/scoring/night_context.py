"""Context of a night: what every stage of the batch run stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from data_contracts.lake import Lake
from data_contracts.verification.published_run import PublishedRun
from data_contracts.verification.run_opening import open_run
from serving.policy.schema import Policy
from serving.scoring.scope import moment_of
from training.release.artefact import Released

Progress = Callable[[str], None]


def no_progress(_step: str) -> None:
    """Discard the name of a step."""


@dataclass(frozen=True)
class NightContext:
    """Everything that decides the bytes of a night, fixed before the first score.

    Attributes
    ----------
    lake
        The lake.
    date
        The night's date.
    policy
        The policy in force.
    previous_run
        Run id of the night before; None on a first night.
    previous_sha256
        Digest of all that the night before published and a replay gives again.
    champions
        Releases in service, by model name.
    challengers
        Releases that score in the shadow, by model name.
    replaced_ranker
        The operator model of the night before; None where it is no longer at hand.
    data_sha256
        Digest of the delivered files that may hold rows known at `as_of`.
    delivered
        Digest of each of these files, by its name below the lake.
    human_decisions
        Overrides, warnings and appeals in force, as text.
    run_id
        Digest of all the above with catalogue and code; empty until it is computed.
    """

    lake: Lake
    date: date
    policy: Policy
    previous_run: str | None = None
    previous_sha256: str | None = None
    champions: dict[str, Released] = field(default_factory=dict)
    challengers: dict[str, Released] = field(default_factory=dict)
    replaced_ranker: Released | None = None
    data_sha256: str = ""
    delivered: dict[str, str] = field(default_factory=dict)
    human_decisions: str = ""
    run_id: str = ""

    @property
    def as_of(self) -> datetime:
        """End of the night's date. Rows received before it are known."""
        return moment_of(self.date)

    @property
    def previous(self) -> PublishedRun | None:
        """The run of the night before, verified; None on a first night."""
        return None if self.previous_run is None else open_run(self.lake, self.previous_run)
