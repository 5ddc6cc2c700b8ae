"""Minutes of running sessions, kept in a file or in a real Redis."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from benchmarks.speed.endpoints import redis_server
from data_contracts.errors import LakeProblem
from features.engine.minute_kernels import COLUMNS
from serving import running
from serving.gate.dependencies.micro_batching import MicroBatcher
from serving.gate.dependencies.minute_rows import minute_to_row, rows_from_blob
from serving.gate.dependencies.minute_store import MinuteStoreUnavailable
from serving.gate.dependencies.redis_store import RedisMinuteStore
from serving.gate.dependencies.sqlite_store import SqliteMinuteStore


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["file", "redis"])
def store(request, tmp_path):
    if request.param == "file":
        yield SqliteMinuteStore(tmp_path / "minutes.sqlite")
    else:
        made = RedisMinuteStore(request.getfixturevalue("redis_url"))
        made.client.flushdb()
        yield made


def row(viewers):
    return minute_to_row({"viewers": viewers})


def test_minutes_come_back_in_order_with_the_last_word_on_each(store):
    """Minutes come back in order with the last word on each."""
    assert len(rows_from_blob(store.put("s", "o", [(3, row(3.0)), (1, row(1.0))]))) == 2
    given = store.put("s", "o", [(2, row(2.0)), (3, row(30.0))])
    owner, blob = store.get(["s"])[0]
    assert (
        owner == "o" and blob == given and rows_from_blob(blob)[:, 0].tolist() == [1.0, 2.0, 30.0]
    )
    assert np.isnan(rows_from_blob(blob)[:, 1:]).all() and rows_from_blob(blob).shape == (
        3,
        len(COLUMNS),
    )


def test_sessions_asked_for_together_come_in_the_order_asked(store):
    """Sessions asked for together come in the order asked."""
    store.put("a", "o1", [(0, row(1.0))])
    store.put("b", "o2", [(0, row(2.0))])
    assert [None if x is None else x[0] for x in store.get(["b", "nobody", "a"])] == [
        "o2",
        None,
        "o1",
    ]


def test_a_session_belongs_to_its_first_operator(store):
    """A session belongs to its first operator."""
    store.put("s", "o1", [(0, row(1.0))])
    with pytest.raises(LakeProblem, match="another operator"):
        store.put("s", "o2", [(1, row(1.0))])
    assert len(rows_from_blob(store.get(["s"])[0][1])) == 1


def test_minutes_put_at_once_by_many_are_all_kept(store):
    """Minutes that many callers put at once are all kept."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda m: store.put("s", "o", [(m, row(float(m)))]), range(60)))
    assert rows_from_blob(store.get(["s"])[0][1])[:, 0].tolist() == [float(m) for m in range(60)]


def test_a_redis_that_does_not_answer_is_a_store_that_is_down():
    """A Redis that does not answer is a store that is down."""
    gone = RedisMinuteStore("redis://127.0.0.1:1/0")
    with pytest.raises(MinuteStoreUnavailable):
        gone.get(["s"])
    with pytest.raises(MinuteStoreUnavailable):
        gone.put("s", "o", [(0, row(1.0))])
    with pytest.raises(LakeProblem, match="does not answer"):
        gone.require_answer()
    with pytest.raises(LakeProblem, match="Example: redis://"):
        RedisMinuteStore("nonsense")


def test_a_large_row_is_not_read_to_find_it(tmp_path):
    """A row of 100 MB, which nobody may have sent, costs a read less than a thousandth of it."""
    store = SqliteMinuteStore(tmp_path / "minutes.sqlite")
    with sqlite3.connect(store.path) as connection:
        insert = "INSERT INTO running VALUES ('s', 'o', zeroblob(100000000))"
        connection.execute(insert)
    store.get(["s"])
    before = _bytes_read()
    assert store.get(["s", "t"]) == [("o", None), None]
    assert _bytes_read() - before < 100_000


def _bytes_read() -> int:
    """Bytes that this process has asked files for."""
    status = Path("/proc/self/io").read_text()
    return int(status.split("rchar: ")[1].split()[0])


def test_slow_call_is_moved_to_a_thread():
    """A quick call is waited for where it is asked, and a slow one in a thread."""
    where, seconds = [], [0.0, 0.03, 0.0]

    def work(items):
        where.append(threading.get_ident())
        time.sleep(seconds[len(where) - 1])
        return items

    async def main():
        together = MicroBatcher(work, inline_seconds=0.02)
        together.took = 0.0
        for x in range(3):
            assert await together.submit(x) == x
        return together.took

    here = threading.get_ident()
    assert asyncio.run(main()) < 0.02
    assert (
        where[0] == where[1] == here and where[2] != here
    )  # the second was slow, so the third is not waited for


def test_waiting_requests_share_a_call_and_its_error():
    """Requests that wait together are one call, and an error reaches all that waited."""
    calls = []

    def work(items):
        calls.append(list(items))
        time.sleep(0.02)
        if "bad" in items:
            raise ValueError("bad")
        return [item.upper() for item in items]

    async def main():
        together = MicroBatcher(work)
        good = await asyncio.gather(*(together.submit(x) for x in "abcdef"))
        bad = await asyncio.gather(
            *(together.submit(x) for x in ("x", "bad", "y")), return_exceptions=True
        )
        return good, bad, await together.submit("z")

    good, bad, after = asyncio.run(main())
    assert good == list("ABCDEF") and after == "Z"
    assert len(calls) < 6 and sum(map(len, calls)) == 10
    assert all(isinstance(x, ValueError) for x in bad)


@pytest.mark.parametrize("name", sorted(running.DEPRECATED))
def test_former_names_of_the_store_warn(name):
    """Names of the store's former place lead to those of today for one release."""
    with pytest.warns(DeprecationWarning, match="goes with the next release"):
        assert callable(getattr(running, name))
