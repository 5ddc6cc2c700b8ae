"""What was planted, written beside a lake and never into it: tests and benchmarks alone read it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from data_contracts.parquet import write_file
from simulation import records
from simulation.identifiers import chosen, moments, named
from simulation.population import Accounts, Operators
from simulation.schemes import SCHEMES, Plan


def write_population(truth: Path, accounts: Accounts, ops: Operators, plan: Plan) -> None:
    """Who cheats and how, who looks like it and does not, and which accounts were made for fraud."""
    write_file(
        truth / "operators.parquet",
        pa.table(
            {
                "operator_id": named("operator", plan.operator),
                "scheme": chosen(SCHEMES, plan.scheme),
                "intensity": pa.array(plan.intensity),
                "evasion": pa.array(plan.evasion),
                "since_day": pa.array(plan.since),
                "victim_id": named("operator", plan.victim),
            }
        ),
    )
    names = sorted(ops.lookalike)
    index = [np.flatnonzero(ops.lookalike[k]) for k in names]
    write_file(
        truth / "lookalikes.parquet",
        pa.table(
            {
                "operator_id": named("operator", np.concatenate(index)),
                "lookalike": pa.array(
                    np.repeat(np.array(names, dtype=object), [len(i) for i in index]), pa.string()
                ),
            }
        ),
    )
    write_file(
        truth / "accounts.parquet",
        pa.table({"account_id": named("account", np.arange(accounts.honest, len(accounts)))}),
    )


def write_batches(
    truth: Path,
    number: int,
    index: np.ndarray,
    views: records.Views,
    acts: records.Acts,
    orders: records.Orders,
    planted: np.ndarray,
) -> None:
    """A day's planted sessions, views, actions and orders; `index`: the numbers of the day's sessions, which `planted` names by place."""
    rowed = planted[:, 0].astype(int)
    write_file(
        truth / "sessions" / f"day-{number:03d}.parquet",
        pa.table(
            {
                "session_id": named("session", index[rowed]),
                "scheme": chosen(SCHEMES, planted[:, 1]),
                "intensity": pa.array(planted[:, 2]),
                "evasion": pa.array(planted[:, 3].astype(int)),
                "beneficiary_id": named("operator", planted[:, 4]),
            }
        ),
    )
    fake = views.where(views.scheme > 0)
    write_file(
        truth / "views" / f"day-{number:03d}.parquet",
        pa.table(
            {
                "session_id": named("session", fake.session),
                "account_id": named("account", fake.account),
                "device_id": named("device", fake.device),
                "joined_at": moments(fake.joined),
                "scheme": chosen(SCHEMES, fake.scheme),
            }
        ),
    )
    done = acts.where(acts.scheme > 0)
    write_file(
        truth / "interactions" / f"day-{number:03d}.parquet",
        pa.table(
            {
                "session_id": named("session", done.session),
                "account_id": named("account", done.account),
                "at": moments(done.at),
                "kind": chosen(records.KINDS, done.kind),
                "count": pa.array(done.count.astype(np.int64)),
                "scheme": chosen(SCHEMES, done.scheme),
            }
        ),
    )
    bad = orders.where(orders.scheme > 0)
    write_file(
        truth / "orders" / f"day-{number:03d}.parquet",
        pa.table(
            {
                "order_id": named("order", bad.index),
                "scheme": chosen(SCHEMES, bad.scheme),
                "beneficiary_id": named("operator", bad.beneficiary),
            }
        ),
    )
