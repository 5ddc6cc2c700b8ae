"""A copy of the published lake, and an operator that its last night accuses."""

from __future__ import annotations

import json
import shutil

import pytest

from data_contracts.runs import read_outbound


@pytest.fixture
def lake(published, tmp_path):
    shutil.copytree(published, tmp_path / "lake", ignore=shutil.ignore_patterns("online"))
    return tmp_path / "lake"


@pytest.fixture
def accused(lake):
    """An operator with a measure and suspicious sessions of tonight in evidence."""
    made = read_outbound(lake, "measures")
    return made.loc[
        made["evidence"].map(lambda e: "sessions" in json.loads(e)), "operator_id"
    ].iloc[0]
