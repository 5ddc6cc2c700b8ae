"""Stores of minutes that are broken: the gate says so, answers at once, and heals by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.reliability.dependencies.night import calm_session
from benchmarks.reliability.dependencies.redis_faults import (
    REDIS_FAULTS,
    RedisPlace,
    redis_is_here,
)
from benchmarks.reliability.dependencies.sqlite_faults import (
    SQLITE_FAULTS,
    WRITE_LOCK,
    SqlitePlace,
)
from benchmarks.reliability.dependency_faults import try_all
from serving.gate.dependencies.sqlite_store import SqliteMinuteStore
from serving.gate.http import open_gate
from serving.ledger.answers import AnswerLedger
from serving.policy.load import load_policy
from tests.serving.gate.asking import NOW

# On a machine that is busy with other tests. A gate that waits for what is broken takes longer or
# for ever; the page of the benchmark holds 150 ms and 5 s.
MAX_ANSWER_SECONDS, MAX_HEAL_SECONDS = 4.0, 25.0
SQLITE = (*SQLITE_FAULTS, WRITE_LOCK)


def _gate(lake, models, folder, url=None):
    gate = open_gate(lake, models, load_policy(), now=lambda: NOW, minutes=url)
    if url is None:  # other tests keep the lake's own file open
        gate.minutes = SqliteMinuteStore(folder / "minutes.sqlite")
    gate.ledger = AnswerLedger(folder / "journal.jsonl")
    return gate


@pytest.fixture(scope="module")
def redis_place(tmp_path_factory):
    if not redis_is_here():
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    place = RedisPlace(tmp_path_factory.mktemp("redis"))
    yield place
    place.close()


@pytest.fixture(scope="module")
def redis_gate(lake, models, redis_place, tmp_path_factory):
    return _gate(lake, models, tmp_path_factory.mktemp("answers"), redis_place.url)


@pytest.fixture(scope="module")
def sqlite_gate(lake, models, tmp_path_factory):
    return _gate(lake, models, tmp_path_factory.mktemp("answers"))


def _holds(trial):
    assert trial.wrong == [] and trial.silent == 0
    assert trial.longest < MAX_ANSWER_SECONDS and trial.heal_seconds < MAX_HEAL_SECONDS


@pytest.mark.parametrize("fault", REDIS_FAULTS, ids=lambda fault: fault.name)
def test_broken_redis_is_named_and_heals(fault, redis_gate, redis_place, lake, keys):
    """No answer passes while Redis is broken; the gap is named, health answers, and it heals."""
    calm = calm_session(redis_gate, lake)
    (trial,) = try_all(redis_gate, keys["all"], (fault,), redis_place, calm)
    _holds(trial)


@pytest.mark.parametrize("fault", SQLITE, ids=lambda fault: fault.name)
def test_broken_file_of_minutes_is_named_and_heals(fault, sqlite_gate, lake, keys):
    """As for Redis. A write that waits for a lock of another process holds no check up."""
    place = SqlitePlace(sqlite_gate.minutes.path, sqlite_gate)
    calm = calm_session(sqlite_gate, lake)
    (trial,) = try_all(sqlite_gate, keys["all"], (fault,), place, calm)
    _holds(trial)


def test_there_are_twenty_faults_and_a_trial_can_fail(sqlite_gate, lake, keys):
    """A fault that is not made passes, and a trial says so."""
    assert len(REDIS_FAULTS) + len(SQLITE) >= 20
    none = replace(SQLITE_FAULTS[0], make=lambda _: None, mend=lambda *_: None)
    calm = calm_session(sqlite_gate, lake)
    (trial,) = try_all(
        sqlite_gate, keys["all"], (none,), SqlitePlace(sqlite_gate.minutes.path, sqlite_gate), calm
    )
    assert trial.silent == trial.answers and len(trial.wrong) >= trial.answers
