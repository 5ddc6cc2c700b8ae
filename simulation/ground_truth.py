"""Ground truth of a simulated lake, kept outside it; only tests and benchmarks read it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from data_contracts.parquet import write_file
from simulation import records
from simulation.contract_rows import INTERACTION_KINDS
from simulation.identifiers import make_ids, take_labels, to_timestamps
from simulation.population import Accounts, Operators
from simulation.records import PlantedSessions
from simulation.schemes import SCHEMES, FraudPlan


def write_population(
    truth: Path, accounts: Accounts, operators: Operators, plan: FraudPlan
) -> None:
    """Write the fraud plan, operators with honest look-alikes, and accounts made for fraud."""
    write_file(
        truth / "operators.parquet",
        pa.table(
            {
                "operator_id": make_ids("operator", plan.operator),
                "scheme": take_labels(SCHEMES, plan.scheme),
                "intensity": pa.array(plan.intensity),
                "evasion": pa.array(plan.evasion),
                "since_day": pa.array(plan.since),
                "victim_id": make_ids("operator", plan.victim),
            }
        ),
    )
    names = sorted(operators.lookalike)
    index = [np.flatnonzero(operators.lookalike[k]) for k in names]
    write_file(
        truth / "lookalikes.parquet",
        pa.table(
            {
                "operator_id": make_ids("operator", np.concatenate(index)),
                "lookalike": pa.array(
                    np.repeat(np.array(names, dtype=object), [len(i) for i in index]), pa.string()
                ),
            }
        ),
    )
    write_file(
        truth / "accounts.parquet",
        pa.table({"account_id": make_ids("account", np.arange(accounts.honest, len(accounts)))}),
    )


def write_day(
    truth: Path, number: int, index: np.ndarray, events: records.Events, planted: PlantedSessions
) -> None:
    """Write a day's planted sessions, views, interactions and orders.

    Parameters
    ----------
    truth : Path
        Folder of the ground truth.
    number : int
        Number of the day.
    index : ndarray of int, shape (sessions,)
        Numbers of the day's sessions; `planted.session` is a row of it.
    events : Events
        All events of the day, honest ones too; their sessions are numbers.
    planted : PlantedSessions
        Schemes that ran.
    """
    file = f"day-{number:03d}.parquet"
    write_file(
        truth / "sessions" / file,
        pa.table(
            {
                "session_id": make_ids("session", index[planted.session]),
                "scheme": take_labels(SCHEMES, planted.scheme),
                "intensity": pa.array(planted.intensity),
                "evasion": pa.array(planted.evasion),
                "beneficiary_id": make_ids("operator", planted.beneficiary),
            }
        ),
    )
    views = events.views.select(events.views.scheme > 0)
    write_file(
        truth / "views" / file,
        pa.table(
            {
                "session_id": make_ids("session", views.session),
                "account_id": make_ids("account", views.account),
                "device_id": make_ids("device", views.device),
                "joined_at": to_timestamps(views.joined),
                "scheme": take_labels(SCHEMES, views.scheme),
            }
        ),
    )
    interactions = events.interactions.select(events.interactions.scheme > 0)
    write_file(
        truth / "interactions" / file,
        pa.table(
            {
                "session_id": make_ids("session", interactions.session),
                "account_id": make_ids("account", interactions.account),
                "at": to_timestamps(interactions.at),
                "kind": take_labels(INTERACTION_KINDS, interactions.kind),
                "count": pa.array(interactions.count.astype(np.int64)),
                "scheme": take_labels(SCHEMES, interactions.scheme),
            }
        ),
    )
    orders = events.orders.select(events.orders.scheme > 0)
    write_file(
        truth / "orders" / file,
        pa.table(
            {
                "order_id": make_ids("order", orders.index),
                "scheme": take_labels(SCHEMES, orders.scheme),
                "beneficiary_id": make_ids("operator", orders.beneficiary),
            }
        ),
    )
