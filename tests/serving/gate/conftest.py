"""A gate over the published small world, with its keys and a client."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from data_contracts.runs import read_outbound
from serving.gate.api_keys import make_key
from serving.gate.http import gate_application, open_gate
from serving.ledger import answers
from serving.policy.load import load_policy
from tests.serving.gate.asking import NOW
from tests.whole.night_runs import copied


@pytest.fixture(scope="session")
def lake(published, tmp_path_factory):
    """A copy of the published lake: gates keep keys and answers beside its tables."""
    return copied(published, tmp_path_factory.mktemp("gate") / "lake")


@pytest.fixture(scope="session")
def keys(lake):
    return {
        "all": make_key(lake, "all", ["boost", "minutes", "read"]),
        "read": make_key(lake, "reader", ["read"]),
    }


@pytest.fixture
def gate(lake, models, keys, tmp_path):
    one = open_gate(lake, models, load_policy(), now=lambda: NOW)
    one.ledger = answers.AnswerLedger(tmp_path / "journal.jsonl")
    return one


@pytest.fixture
def client(gate, keys):
    return TestClient(gate_application(gate), headers={"X-API-Key": keys["all"]})


@pytest.fixture(scope="session")
def tiers(lake):
    return read_outbound(lake, "tier_decisions").set_index("operator_id")
