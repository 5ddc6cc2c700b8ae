"""Who is worked on next, and who is turned away: lanes take turns, slow bodies hold no place."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import replace

from serving.gate.server.admission import Admission
from serving.gate.server.rate_limit import TokenBuckets
from tests.serving.gate.server.conftest import LIMITS, head


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """A request of a caller, which notes what becomes of it."""

    def __init__(self, caller: str, log: list[tuple[str, str]], gone: bool = False) -> None:
        self.caller, self.log, self.gone = caller, log, gone

    def is_gone(self) -> bool:
        return self.gone

    def begin(self) -> None:
        self.log.append(("begun", self.caller))

    def turn_away(self) -> None:
        self.log.append(("away", self.caller))


def test_lanes_take_turns_whoever_sends_more():
    """Lanes take turns, whichever caller sends more."""
    log, clock = [], Clock()
    admission = Admission(replace(LIMITS, work=1, work_per_key=1), clock)
    for _ in range(100):
        admission.submit(Asked("loud", log))
    for _ in range(3):
        admission.submit(Asked("quiet", log))
    for _ in range(6):
        admission.finish(log[-1][1])
    assert Counter(log) == {("begun", "loud"): 4, ("begun", "quiet"): 3}


def test_one_caller_never_has_all_places():
    """One caller never has all places."""
    log = []
    admission = Admission(replace(LIMITS, work=8, work_per_key=6), Clock())
    for _ in range(20):
        admission.submit(Asked("loud", log))
    assert len(log) == 6
    admission.submit(Asked("quiet", log))
    assert log[-1] == ("begun", "quiet")


def test_a_lane_that_waited_too_long_turns_away_its_own_callers_only():
    """A lane that waited too long turns away its own callers only."""
    log, clock = [], Clock()
    admission = Admission(replace(LIMITS, work=1, work_per_key=1, wait_seconds=0.5), clock)
    admission.submit(Asked("loud", log))
    admission.submit(Asked("loud", log))
    clock.now = 0.6
    admission.submit(Asked("loud", log))
    assert log[-1] == ("away", "loud") and admission.is_full_for("loud")
    admission.submit(Asked("quiet", log))
    assert admission.waiting == 2 and not admission.is_full_for("quiet")


def test_a_lane_that_stalls_turns_away_and_says_so_for_spread_seconds():
    """A lane that stalls turns callers away for seconds that are spread."""
    log, clock = [], Clock()
    admission = Admission(replace(LIMITS, work=1, work_per_key=1, wait_seconds=2.0), clock)
    for _ in range(200):
        admission.submit(Asked("loud", log))
    for _ in range(80):
        clock.now += 0.01
        admission.finish("loud")
    clock.now += 3.0
    assert admission.is_full_for("loud")  # nothing began for three seconds
    assert [admission.retry_seconds("loud") for _ in range(4)] == [2, 3, 4, 1]
    admission.finish("loud")
    assert not admission.is_full_for("loud")  # the other 118 begin within 1.2 s
    for _ in range(70):
        admission.submit(Asked("loud", log))
    assert ("away", "loud") not in log
    for _ in range(20):
        admission.submit(Asked("loud", log))
    assert log[-1] == ("away", "loud") and 195 < admission.waiting < 205
    assert [admission.retry_seconds("loud") for _ in range(3)] == [3, 1, 2]


def test_who_has_gone_is_not_worked_on_and_who_was_let_in_is_answered():
    """A request is refused when it arrives or not at all, however long it has waited."""
    log, clock = [], Clock()
    admission = Admission(replace(LIMITS, work=1, work_per_key=1, wait_seconds=0.5), clock)
    for gone in (False, True, False):
        admission.submit(Asked("a", log, gone))
    clock.now = 10.0
    admission.submit(Asked("b", log))
    admission.finish("a")
    assert log == [("begun", "a"), ("begun", "b")]
    admission.finish("b")
    assert log[2:] == [("begun", "a")] and not admission.waiting and admission.in_work == 1


def test_bodies_in_memory_are_bounded_for_a_caller_and_for_all():
    """Bodies in memory are bounded for a caller and for all."""
    admission = Admission(replace(LIMITS, body_megabytes=10), Clock())
    admission.hold("loud", 6_000_000)
    assert admission.is_full_for("loud") and not admission.is_full_for("quiet")
    admission.hold("another", 4_500_000)
    assert admission.is_full_for("quiet")
    admission.hold("loud", -6_000_000)
    admission.hold("another", -4_500_000)
    assert not admission.bytes_of and not admission.bytes_held


def test_buckets_refill_and_are_bounded():
    """Buckets refill and are bounded."""
    buckets = TokenBuckets(per_second=10.0, burst=5.0, callers=3)
    taken = [buckets.take("a", 0.0) for _ in range(6)]
    assert taken == [0.0] * 5 + [0.1] and buckets.take("a", 0.1) == 0.0
    for caller in "bcd":
        buckets.take(caller, 0.2)
    assert set(buckets.levels) == set("bcd")
    assert buckets.take("b", 1000.0) == 0.0 and buckets.levels["b"][0] == 4.0


def test_rates_of_keys_and_of_addresses_are_kept_apart(serve):
    """Beyond its rate a caller gets 429 with Retry-After; another key is not concerned."""
    rates = {"key_per_second": 1.0, "key_burst": 5.0}
    rates |= {"address_per_second": 0.5, "address_burst": 3.0}
    with serve(**rates) as served:

        def asked(data: bytes) -> bytes:
            return served.exchange(data)

        closing = b"connection: close\r\n"
        mine = [asked(head(more=closing) + b"{}") for _ in range(6)]
        assert [one.split()[1] for one in mine] == [b"200"] * 5 + [b"429"]
        assert b"retry-after: 1\r\n" in mine[-1] and b"rate_limited" in mine[-1]
        assert asked(head("other", more=closing) + b"{}").startswith(b"HTTP/1.1 200")
        public = b"GET /v1/credit/a HTTP/1.1\r\nhost: a\r\n" + closing
        answers = [asked(public + b"\r\n") for _ in range(4)]
        assert [one.split()[1] for one in answers] == [b"200"] * 3 + [b"429"]
        assert b"retry-after: 2\r\n" in answers[-1]
        unknown = asked(public + b"x-api-key: guessed\r\n\r\n")
        assert unknown.startswith(b"HTTP/1.1 429")
        assert asked(public + b"x-api-key: other\r\n\r\n").startswith(b"HTTP/1.1 200")
        probe = b"GET /healthz HTTP/1.1\r\nhost: a\r\n" + closing + b"\r\n"
        assert all(asked(probe).startswith(b"HTTP/1.1 200") for _ in range(10))


def test_slow_bodies_hold_no_place_of_work(serve):
    """Seventy bodies that do not end turn nobody away, neither of their key nor of another."""
    with serve(work=8, work_per_key=6, body_seconds=5.0, bodies_per_key=50) as served:
        slow = [served.connect() for _ in range(70)]
        for one in slow:
            one.sendall(head(length=100) + b"{")
        time.sleep(0.3)
        for key in ("good", "other"):
            started = time.monotonic()
            answer = served.exchange(head(key, more=b"connection: close\r\n") + b"{}")
            assert answer.startswith(b"HTTP/1.1 200") and time.monotonic() - started < 0.5
        receiving = served.door.connections.receiving["key good-digest"]
        assert len(receiving) == 50 and not served.door.admission.in_work
        assert b"HTTP/1.1 408" in slow[0].recv(1000)
        for one in slow:
            one.close()


def test_a_flood_of_one_key_leaves_another_its_turn(serve):
    """One key keeps 200 connections busy; another key's requests wait one turn each."""
    with serve(work=4, work_per_key=3, wait_seconds=0.2) as served:
        served.work_seconds, ends = 0.01, threading.Event()

        def flood() -> None:
            made = [served.connect() for _ in range(100)]
            while not ends.is_set():
                for one in made:
                    one.sendall(head() + b"{}")
                for one in made:
                    one.recv(2000)

        threads = [threading.Thread(target=flood) for _ in range(2)]
        for one in threads:
            one.start()
        time.sleep(0.5)
        waits, statuses = [], Counter()
        for _ in range(20):
            started = time.monotonic()
            answer = served.exchange(head("other", more=b"connection: close\r\n") + b"{}")
            waits.append(time.monotonic() - started)
            statuses[answer.split()[1]] += 1
        ends.set()
        for one in threads:
            one.join()
        assert statuses == {b"200": 20} and sorted(waits)[10] < 0.2
        assert served.door.refused["too_busy"] > 0


def test_what_the_door_counts_is_published():
    """The counts of the door are published."""
    from prometheus_client import CollectorRegistry, generate_latest

    from serving.gate.server import refusals
    from serving.gate.server.door import Door

    door, registry = Door(LIMITS, {}.get), CollectorRegistry()
    door.count(refusals.too_busy(2))
    registry.register(door)
    text = generate_latest(registry).decode()
    assert 'steelyard_refused_total{code="too_busy"} 1.0' in text
    assert json.loads(refusals.too_busy(2).body)["code"] == "too_busy"
