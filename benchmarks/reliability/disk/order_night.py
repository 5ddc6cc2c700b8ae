"""A night of a lake of orders: computed once, then published anew from a copy of the lake.

Each trial runs `nightly` as it is, but for the three stages that compute and write nothing: their
results are those of a first run. Checks, publishing, recording and signing are the product's.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd

from benchmarks.harness.injection import run_in_child
from benchmarks.reliability.disk.short_writes import ShortWritingDisk, Write
from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import digest_file
from data_contracts.runs import published_runs
from serving.ledger.ledger_key import KEY_VARIABLE, read_public_key
from serving.ledger.signatures import Trust, verify_signatures
from serving.ledger.verification import verify_decisions
from serving.nightly import pipeline
from serving.nightly.decided_night import DecidedNight
from serving.policy.load import load_policy

NIGHT = date(2026, 3, 10)
OPERATORS = 10
QUARANTINE = "quarantine/"


class OrderNight:
    """A lake of orders whose night is computed and not published.

    Parameters
    ----------
    folder
        Where lakes are made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.policy = folder, load_policy()
        self.key_file = folder / "ledger.key"
        self.delivered = Lake(folder / "delivered")
        self.delivered.append_day("orders", NIGHT, _orders())
        self.decided, self.writes, self.expected = self._first_run()
        checked = {n: d for n, d in self.expected.items() if n.startswith(QUARANTINE)}
        delivered = digests(self.delivered)
        self.states_before = (delivered, delivered | checked)

    def copy(self, name: str = "night") -> Lake:
        """The lake before its night; one that had the name is removed."""
        lake = Lake(self.folder / name)
        shutil.rmtree(lake.root, ignore_errors=True)
        shutil.copytree(self.delivered.root, lake.root)
        return lake

    def publish(self, lake: Lake) -> None:
        """Run the night; its scores, figures and tiers are those that were computed."""
        with self._stages():
            self._run(lake)

    def faults(self, lake: Lake) -> list[str]:
        """Faults after a night that was stopped, and after the night is run again.

        A lake that equals, byte for byte, the one before or the one that was checked needs no
        second run. It is where the first began.
        """
        left = digests(lake)
        found = [f"left {name}" for name in left if ".writing" in name]
        if self._is_published(lake):
            found += self._faults_of_published(lake, left)
        elif left in self.states_before:
            return found
        again = run_in_child(lambda: self.publish(lake))
        if again.error or again.traceback:
            return [*found, f"the next run ended with {again.error or again.traceback}"]
        return found + self._faults_of_published(lake, digests(lake))

    def _faults_of_published(self, lake: Lake, files: dict[str, str]) -> list[str]:
        """Differences of a published night from one without a fault, and of its ledger."""
        found = sorted(n for n, d in self.expected.items() if files.get(n) != d)
        ledger = verify_decisions(lake)
        ledger += verify_signatures(lake, Trust([read_public_key(self.key_file)]))
        return [f"another {n}" for n in found] + [f"{f.file}: {f.what}" for f in ledger]

    @staticmethod
    def _is_published(lake: Lake) -> bool:
        return NIGHT.isoformat() in published_runs(lake)

    def _run(self, lake: Lake) -> None:
        with mock.patch.dict(os.environ, {KEY_VARIABLE: str(self.key_file)}):
            pipeline.nightly(lake, NIGHT, None, self.policy)

    def _first_run(self) -> tuple[DecidedNight, list[Write], dict[str, str]]:
        """What the stages give, all writes, and digests of the files that hold no time."""
        kept: list[DecidedNight] = []
        pipeline_decide = pipeline.decide

        def decide(*arguments: Any) -> DecidedNight:
            kept.append(pipeline_decide(*arguments))
            return kept[0]

        lake = self.copy("first")
        disk = ShortWritingDisk(lake.root)
        with mock.patch.object(pipeline, "decide", decide), disk.mounted():
            self._run(lake)
        run = f"{lake.relative(lake.run(published_runs(lake)[NIGHT.isoformat()]))}/"
        kept_files = (run, QUARANTINE, lake.relative(lake.decisions))
        expected = {n: d for n, d in digests(lake).items() if n.startswith(kept_files)}
        return kept[0], disk.writes, expected

    @contextmanager
    def _stages(self) -> Iterator[None]:
        """Stages that give what was computed, with the tables of the lake at hand."""
        corrected = self.decided.corrected
        stages: dict[str, Any] = {
            "score": lambda _context, tables, _say: replace(corrected.scored, tables=tables),
            "correct": lambda _context, scored: replace(corrected, scored=scored),
            "decide": lambda _context, now: replace(self.decided, corrected=now),
        }
        with mock.patch.multiple(pipeline, **stages):
            yield


def digests(lake: Lake) -> dict[str, str]:
    """Digest of each file of a lake but locks, by its name."""
    files = (p for p in sorted(lake.root.rglob("*")) if p.is_file())
    return {lake.relative(p): digest_file(p) for p in files if not p.name.endswith(".lock")}


def _orders() -> pd.DataFrame:
    """Orders of a day; the first one is quarantined."""
    begin = pd.Timestamp(NIGHT) + pd.Timedelta(hours=9)
    known = [
        {
            "order_id": f"o{i}",
            "operator_id": f"op{i % OPERATORS}",
            "buyer_id": f"b{i}",
            "quantity": min(i, 1),
            "placed_at": begin + pd.Timedelta(minutes=i),
            "received_at": begin + pd.Timedelta(minutes=i),
        }
        for i in range(10 * OPERATORS)
    ]
    names = [column.name for column in contract("orders").columns]
    return pd.DataFrame([{name: one.get(name) for name in names} for one in known])
