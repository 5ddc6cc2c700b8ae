"""Each duty's command, run on a published lake."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.harness.figures import row
from data_contracts.lake import Lake
from data_contracts.runs import published_runs, read_outbound
from serving.oversight.duty_register import duties


def rows(lake: Path, models: Path, say: Any) -> list[dict[str, Any]]:
    """One row a duty: how many of its commands ended well."""
    say("running the command of each duty")
    out, done = [], {}
    operator = (
        read_outbound(lake, "tier_decisions").sort_values("expected_harm").iloc[-1]["operator_id"]
    )
    with tempfile.TemporaryDirectory() as scratch:
        names = {
            "LAKE": str(lake),
            "MODELS": str(models),
            "OPERATOR": operator,
            "ORDER": _an_order(Lake.open(lake)),
            "NIGHT": max(published_runs(lake)),
            "SCRATCH": scratch,
        }
        for i, duty in enumerate(duties()):
            for command in duty.commands:
                if command not in done:
                    words = [
                        names.get(w, w.replace("SCRATCH", scratch)) for w in command.split()[1:]
                    ]
                    run = subprocess.run(
                        [sys.executable, "-m", "serving.cli.main", *words],
                        capture_output=True,
                        text=True,
                        check=False,
                        env=os.environ,
                    )
                    done[command] = run.returncode == 0
            good = sum(done[c] for c in duty.commands)
            out.append(
                row(
                    f"duty-{i + 1}",
                    f"{duty.source}: {duty.asks}; shown as {duty.implemented}",
                    f"{good} of {len(duty.commands)} commands end well",
                    " ; ".join(duty.commands),
                    goal="all",
                    group="Duties of the law: commands end well",
                    holds=good == len(duty.commands),
                    why=None
                    if good == len(duty.commands)
                    else ", ".join(c for c in duty.commands if not done[c]),
                )
            )
    return out


def _an_order(lake: Lake) -> str:
    """The first order that was delivered."""
    return str(pq.read_table(lake.files("orders")[0], columns=["order_id"])["order_id"][0])
