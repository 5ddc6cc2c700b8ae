"""Copies of a lake, and digests of what a night published."""

from __future__ import annotations

import shutil
from pathlib import Path

from data_contracts.contract import contract, inbound_names
from serving.policy.load import load_policy

POLICY = load_policy()


def copied(lake: Path, to: Path, *without: str) -> Path:
    shutil.copytree(lake, to, ignore=shutil.ignore_patterns("online", *without))
    return to


NULLABLE = sorted(n for n in inbound_names() if any(not c.required for c in contract(n).columns))
