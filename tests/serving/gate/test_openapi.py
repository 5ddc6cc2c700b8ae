"""The OpenAPI document is what the gate does: schemathesis on it, and mutated requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from benchmarks.reliability.attack import Scale
from benchmarks.reliability.fuzz import context_of, fuzz, fuzz_rows
from serving.gate.http import gate_application, open_gate
from serving.gate.protocol.openapi import document_text, http_page
from serving.ledger import answers
from serving.policy.load import load_policy
from tests.serving.gate.asking import NOW

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"


@pytest.fixture(scope="module")
def fuzzed(lake, models, keys, tmp_path_factory):
    one = open_gate(lake, models, load_policy(), now=lambda: NOW)
    one.ledger = answers.AnswerLedger(tmp_path_factory.mktemp("fuzzed") / "journal.jsonl")
    return one


@pytest.fixture(scope="module")
def described(fuzzed, keys):
    return schemathesis.openapi.from_asgi(
        "/v1/openapi.json", gate_application(fuzzed), headers={"X-API-Key": keys["all"]}
    )


def with_whole_minutes(value):
    """Write 286.0 as 286: an integer to JSON Schema, and none to the gate."""
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, dict) and isinstance(one.get("minute"), float):
            one["minute"] = int(one["minute"]) if one["minute"].is_integer() else one["minute"]
        elif isinstance(one, dict | list):
            with_whole_minutes(one)


def test_the_gate_does_what_its_document_says(described, keys):
    """Requests made from the document get answers that the document describes."""
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) >= 10
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        def ask(case):
            if isinstance(case.body, dict | list):
                with_whole_minutes(case.body)
            case.call_and_validate(headers={"X-API-Key": keys["all"]})

        ask()


def test_mutated_requests_meet_typed_problems_alone(fuzzed, keys):
    """No mutated request is a 5xx, a silent PASS or a problem without a type."""
    context = context_of(fuzzed, keys["all"])
    found = asyncio.run(fuzz(gate_application(fuzzed), 1_500, 7, context))
    assert found.answered > 100 and found.asked == 1_500
    for row in fuzz_rows(found, Scale.SMALL):
        assert row["holds"], row


def test_the_document_and_its_page_are_those_checked_in():
    """The generated document and its page are those checked in."""
    for name, text in (("openapi.json", document_text()), ("http-api.md", http_page())):
        assert (REFERENCE / name).read_text("utf-8").rstrip() == text.rstrip(), "run make docs"
