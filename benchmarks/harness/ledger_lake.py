"""A small lake whose night is put in force, and whose answers are given, under faults."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_contracts.lake import Lake
from data_contracts.parquet import digest_file
from data_contracts.runs import published_runs
from serving.ledger.answer_signing import sign_answers
from serving.ledger.answers import AnswerLedger
from serving.ledger.decisions import DECISION_COLUMNS
from serving.ledger.ledger_key import LedgerKey
from serving.ledger.signatures import Trust, verify_signatures
from serving.ledger.verification import verify_decisions
from serving.nightly.pipeline import put_in_force

NIGHTS = ((date(2026, 1, 20), "a" * 16), (date(2026, 1, 21), "b" * 16))
OPERATORS = 40
KEY = LedgerKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ANSWERS_PER_DAY = 4


class NightLake:
    """A lake with one night in force and a second one complete and not in force.

    Parameters
    ----------
    folder
        Where the lake is made.
    """

    def __init__(self, folder: Path) -> None:
        self.lake = Lake(folder)
        (night, run_id), (self.night, self.run_id) = NIGHTS
        self.lake.runs.mkdir(parents=True)
        first = self._fill(run_id)
        put_in_force(self.lake, run_id, night, first, key=KEY)
        self.part = self.refill()

    def refill(self) -> Path:
        """The second night computed again, as its next run would; returns its folder."""
        return self._fill(self.run_id)

    def put_in_force(self) -> None:
        """Put the second night in force."""
        put_in_force(self.lake, self.run_id, self.night, self.part, key=KEY)

    def faults_in_force(self) -> list[str]:
        """Faults that a reader sees now: a published night that is incomplete or not recorded."""
        heads = {}
        if self.lake.decision_heads.exists():
            for line in self.lake.decision_heads.read_bytes().splitlines():
                try:
                    head = json.loads(line)
                    heads[head["run_id"]] = head
                except ValueError:  # a torn head counts for nothing
                    continue
        faults = []
        for run_id in published_runs(self.lake).values():
            if run_id not in heads:
                faults.append(f"{run_id} is published and not recorded")
                continue
            files = heads[run_id]["files"]
            paths = {name: self.lake.run(run_id) / name for name in files}
            if any(not p.exists() or digest_file(p) != files[n] for n, p in paths.items()):
                faults.append(f"{run_id} is published and not complete")
        return faults

    def compare(self) -> tuple[int, int, list[str]]:
        """Decisions lost, decisions recorded twice, and what verification finds."""
        lines = self.lake.decisions.read_bytes().splitlines()
        count = Counter((r["run_id"], r["operator_id"]) for r in map(json.loads, lines))
        lost = len(NIGHTS) * OPERATORS - len(count)
        doubled = sum(n > 1 for n in count.values())
        found = verify_decisions(self.lake)
        found += verify_signatures(self.lake, Trust([KEY.public]))
        return lost, doubled, [f"{f.file}: {f.what}" for f in found]

    def remove(self) -> None:
        """Delete the lake."""
        shutil.rmtree(self.lake.root)

    def _fill(self, run_id: str) -> Path:
        folder = self.lake.unfinished_run(run_id)
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "peers").mkdir(parents=True)
        rows = [{c: f"{c}{i:03d}" for c in DECISION_COLUMNS} for i in range(OPERATORS)]
        table = pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False)
        pq.write_table(table, folder / "tier_decisions.parquet")
        (folder / "manifest.json").write_text(json.dumps({"run_id": run_id}))
        (folder / "peers" / "session.json").write_text("{}")
        return folder


def answer_all(lake: Lake, answers: int) -> None:
    """Answer requests that have no answer yet; each is noted in `given` once it is on disk."""
    ledger = AnswerLedger(lake.answers)
    with (lake.root / "given").open("a", buffering=1) as given:
        for i in range(answers):
            name = f"r{i}"
            if ledger.find(name):
                continue
            day = date(2026, 1, 5 + i // ANSWERS_PER_DAY % 20).isoformat()
            ledger.add({"request_id": name, "answered_at": f"{day}T09:00:00"}, "digest", b"{}")
            ledger.sync()
            given.write(name + "\n")
    sign_answers(lake, ledger, KEY)
