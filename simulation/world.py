"""A world written day by day, so that memory does not grow with its length."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from simulation import contract_rows, feedback, population
from simulation.behaviour.platform_day import PlatformDay, draw_sessions
from simulation.day_events import simulate_day
from simulation.ground_truth import write_day, write_population
from simulation.identifiers import DAY
from simulation.lake_writer import LakeWriter
from simulation.records import Events
from simulation.schemes import SCHEMES, draw_plan
from simulation.schemes.registry import CHEATING_OPERATOR_SHARE
from simulation.sizes import SIZES, Size

MAX_DAYS = 366


@dataclass(frozen=True)
class WorldSpec:
    """Which world to simulate: the same specification gives the same bytes.

    Parameters
    ----------
    seed : int
        Seed of all draws.
    size : str or Size
        A key of `simulation.sizes.SIZES`, or the counts themselves.
    start : date
        First day.
    days : int, optional
        Days to simulate; those of the size when None.
    schemes : tuple of str, optional
        Schemes to plant; all when None, an honest world when empty.
    cheating_share : float
        Share of the operators that cheat, 0 to 1.
    intensity_factor : float
        Factor on the intensity of every planted scheme, above 0.
    """

    seed: int
    size: str | Size
    start: date
    days: int | None = None
    schemes: tuple[str, ...] | None = None
    cheating_share: float = CHEATING_OPERATOR_SHARE
    intensity_factor: float = 1.0

    @property
    def counts(self) -> Size:
        """Counts of the world."""
        return SIZES[self.size] if isinstance(self.size, str) else self.size

    def check(self) -> WorldSpec:
        """The specification with days and schemes filled in.

        Raises
        ------
        LakeProblem
            When the size, a scheme or the number of days is not known.
        """
        if isinstance(self.size, str) and self.size not in SIZES:
            raise LakeProblem(f"no size is called {self.size!r}. Sizes: {', '.join(SIZES)}")
        schemes = tuple(SCHEMES[1:]) if self.schemes is None else self.schemes
        if unknown := set(schemes) - set(SCHEMES[1:]):
            raise LakeProblem(
                f"no scheme is called {sorted(unknown)}. Schemes: {', '.join(SCHEMES[1:])}"
            )
        days = self.counts.days if self.days is None else self.days
        if not 1 <= days <= MAX_DAYS:
            raise LakeProblem(f"days must be 1 to {MAX_DAYS}, not {days}")
        return dataclasses.replace(self, days=days, schemes=schemes)


def refuse_full_folders(*folders: Path) -> None:
    """Raise LakeProblem when a folder already contains something."""
    for folder in folders:
        if folder.exists() and any(folder.iterdir()):
            raise LakeProblem(
                f"{folder} is not empty. Name a new folder, or remove it first; nothing was "
                "written."
            )


def write_world(
    out: Path,
    truth: Path,
    spec: WorldSpec,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Write a world's lake and its ground truth.

    Parameters
    ----------
    out, truth : Path
        Folders of the lake and of the ground truth; both must be empty or absent.
    spec : WorldSpec
        Which world.
    progress : callable, optional
        Called after each day with days done and days in all.

    Returns
    -------
    dict of str to int
        Counts of views, orders, sessions, operators and accounts.

    Raises
    ------
    LakeProblem
        When a folder is not empty or the specification is not valid.
    """
    refuse_full_folders(out, truth)
    spec = spec.check()
    days, schemes = spec.days or 0, list(spec.schemes or ())
    origin = pd.Timestamp(spec.start).timestamp()
    root = np.random.SeedSequence(spec.seed)
    rng = np.random.default_rng(root.spawn(1)[0])
    accounts = population.draw_accounts(rng, spec.counts, origin)
    operators = population.draw_operators(rng, spec.counts, origin)
    if schemes:
        plan = draw_plan(rng, operators, days, schemes, share=spec.cheating_share)
        plan = dataclasses.replace(plan, intensity=plan.intensity * spec.intensity_factor)
    else:
        plan = draw_plan(rng, operators, days, SCHEMES[1:2], share=0.0)
    writer = LakeWriter(Lake(out))
    account_table = population.account_rows(accounts, origin)
    writer.add("accounts", account_table)
    writer.add("operators", population.operator_rows(operators, origin))
    write_population(truth, accounts, operators, plan)
    counts = {"views": 0, "orders": 0, "sessions": 0}
    for number, stream in enumerate(root.spawn(days + 1)[1:]):
        rng = np.random.default_rng(stream)
        moment = origin + number * DAY
        sessions = draw_sessions(rng, operators, moment, counts["sessions"])
        if len(sessions):
            day = PlatformDay(accounts, operators, sessions)
            result = simulate_day(rng, day, plan, number, counts["orders"])
            events = result.events
            _queue_day(day, events, account_table, writer)
            feedback.add_causes(sessions.index, result.causes, writer)
            feedback.add_complaints(rng, events.orders, writer)
            feedback.add_verdicts(rng, day, events.orders, result.planted, writer)
            write_day(truth, number, sessions.index, events, result.planted)
            counts["views"] += len(events.views)
            counts["orders"] += len(events.orders)
            counts["sessions"] += len(sessions)
        writer.deliver(moment)
        if progress:
            progress(number + 1, days)
    (truth / "world.json").write_text(
        json.dumps(
            {
                "seed": spec.seed,
                "size": spec.size if isinstance(spec.size, str) else "drawn",
                "days": days,
                "start": spec.start.isoformat(),
                "schemes": schemes,
            },
            indent=1,
        )
    )
    return counts | {"operators": len(operators), "accounts": len(accounts)}


def _queue_day(
    day: PlatformDay, events: Events, account_table: pa.Table, writer: LakeWriter
) -> None:
    """Queue the contract rows of a day's events and its counters by minute."""
    operator = day.sessions.operator
    virtual = day.operators.lookalike["virtual_host"][operator]
    tables = {
        "sessions": contract_rows.session_rows(
            day.sessions, day.operators.category[operator], virtual
        ),
        "views": contract_rows.view_rows(events.views),
        "interactions": contract_rows.interaction_rows(events.interactions),
        "orders": contract_rows.order_rows(events.orders),
    }
    orders = events.orders
    parcels = contract_rows.parcel_rows(orders)
    refunds, reviews = contract_rows.refund_rows(orders), contract_rows.review_rows(orders)
    more = {"parcels": parcels, "refunds": refunds, "reviews": reviews}
    for name, table in (tables | more).items():
        writer.add(name, table)
    writer.add("room_minutes", contract_rows.minute_rows(tables | {"accounts": account_table}))
