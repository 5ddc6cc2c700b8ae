"""Which published night the gate answers from, and what it says when it is not the newest."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import date, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from benchmarks.reliability.clocks import clocks, wrong_answers
from benchmarks.reliability.dependencies.night import calm_session
from benchmarks.reliability.served.process import FIRST_ORDER, publish_order_lake
from data_contracts.lake import Lake
from serving.gate.api_keys import make_key
from serving.gate.dependencies.night_in_force import NightCache, choose_night
from serving.gate.http import gate_application, open_gate
from serving.policy.load import load_policy
from tests.conftest import NIGHT
from tests.serving.gate.asking import NOW, ask, ordinary
from tests.whole.night_runs import copied

STALE_HOURS = load_policy().boost.stale_hours


def chosen(now, **own):
    """Choice among nights of 2026-01, by day; each with its own models."""
    nights = {f"2026-01-{day[1:]}": day for day in own}
    night, gaps = choose_night(nights, lambda run: frozenset(own[run]), now, STALE_HOURS)
    return night[-2:], list(gaps)


def test_latest_night_is_in_force_with_or_without_models():
    """The latest night is in force, with or without models."""
    now = datetime(2026, 1, 21, 6)
    assert chosen(now, d19="", d20="") == ("20", [])
    assert chosen(now, d19="", d20="ab") == ("20", [])
    assert chosen(now, d19="ab", d20="ab") == ("20", [])


def test_night_with_models_stays_until_it_is_stale():
    """A later night without models, or with fewer, waits until the earlier one is stale."""
    for later in ("", "a"):
        assert chosen(datetime(2026, 1, 21, 6), d19="ab", d20=later) == (
            "19",
            ["night_without_models"],
        )
        assert chosen(datetime(2026, 1, 21, 12), d19="ab", d20=later)[0] == "19"
        assert chosen(datetime(2026, 1, 21, 12, 1), d19="ab", d20=later) == ("20", [])


def test_night_dated_in_the_future_hides_no_other():
    """A night that is dated in the future hides no other."""
    now = datetime(2026, 1, 21, 6)
    assert chosen(now, d20="a", d25="a") == ("20", ["night_in_future"])
    assert chosen(now, d25="a", d26="a") == ("26", ["night_in_future"])


@pytest.fixture
def spoilt(lake, models, tmp_path):
    """A copy of the published lake whose pointer and manifests may be spoilt, and its gate."""
    copy = copied(lake, tmp_path / "lake", "quarantine")
    gate = open_gate(copy, models, load_policy(), now=lambda: NOW)
    headers = {"X-API-Key": make_key(copy, "all", ["boost", "minutes", "read"])}
    return copy, gate, TestClient(gate_application(gate), headers=headers)


def _until(gate, code):
    """Wait until the night in force has a gap, or none."""
    for _ in range(100):
        if (code in gate.night.current().gaps) if code else not gate.night.current().gaps:
            return
        time.sleep(0.05)
    pytest.fail(f"{code}: {gate.night.current().gaps}")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"2026-01-21": "gone"}', '{"x": "y"}', "{}"])
def test_spoilt_pointer_keeps_the_night_and_says_so(text, spoilt, tiers):
    """A pointer that names no night, or one that is gone, degrades answers until it is mended."""
    copy, gate, client = spoilt
    pointer, honest = copy / "runs" / "published.json", ordinary(copy, tiers)
    good = pointer.read_text()
    assert ask(client, requestId="a", operatorId=honest).json()["riskLevel"] == "PASS"
    pointer.write_text(text)
    _until(gate, "night_unreadable")
    answer = ask(client, requestId="b", operatorId=honest).json()
    assert answer["degradedBy"] == ["night_unreadable"] and answer["riskLevel"] == "REVIEW"
    assert answer["tier"] == "A" and client.get("/readyz").status_code == 503
    pointer.write_text(good)
    _until(gate, None)
    assert ask(client, requestId="c", operatorId=honest).json()["riskLevel"] == "PASS"


def test_newer_night_without_models_is_not_followed(spoilt, tiers):
    """The service keeps the night with models and says so; it follows a night that has them."""
    copy, gate, client = spoilt
    pointer, honest = copy / "runs" / "published.json", ordinary(copy, tiers)
    nights = json.loads(pointer.read_text())
    latest = copy / "runs" / nights[NIGHT.isoformat()]
    manifest = json.loads((latest / "manifest.json").read_text())
    own = manifest | {"models": {n: {"version": "prior-1"} for n in manifest["models"]}}
    copied_run = latest.with_name("0" * 16)
    latest.rename(copied_run)
    (copied_run / "manifest.json").write_text(json.dumps(own))
    pointer.write_text(json.dumps(nights | {NIGHT.isoformat(): copied_run.name}))
    _until(gate, "night_without_models")
    answer = ask(client, operatorId=honest).json()
    assert answer["degradedBy"] == ["night_without_models"] and answer["riskLevel"] == "REVIEW"
    assert answer["dataAsOf"].startswith(NIGHT.isoformat())  # the end of the day before


def test_service_without_a_night_holds_until_one_is_published(lake, models, tmp_path):
    """A gate on a lake without a night answers, is not ready, and takes the first night."""
    copy = copied(lake, tmp_path / "lake", "quarantine")
    pointer = copy / "runs" / "published.json"
    text = pointer.read_text()
    pointer.unlink()
    gate = open_gate(copy, models, load_policy(), now=lambda: NOW)
    headers = {"X-API-Key": make_key(copy, "all", ["boost", "read"])}
    client = TestClient(gate_application(gate), headers=headers)
    answer = ask(client).json()
    assert answer["degradedBy"] == ["night_missing"] and answer["riskLevel"] == "REVIEW"
    assert answer["dataAsOf"] is None
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert {"part": "night", "code": "night_missing"} in ready.json()["reasons"]
    pointer.write_text(text)
    _until(gate, None)
    assert client.get("/readyz").status_code == 200


def test_old_night_of_a_lake_at_rest_is_a_warning(lake, models, tmp_path):
    """A stale night is a reason of `/readyz` where another one is due, and a warning elsewhere."""
    copy = copied(lake, tmp_path / "lake", "quarantine")
    late = NOW + timedelta(days=240)
    stale = [{"part": "night", "code": "night_stale"}]

    def ready(started):
        gate = open_gate(copy, models, load_policy(), now=lambda: started)
        gate.now = lambda: late
        found = TestClient(gate_application(gate)).get("/readyz")
        return found.status_code, found.json()["reasons"], found.json()["warnings"]

    assert ready(late) == (200, [], stale)
    assert ready(NOW) == (503, stale, [])  # it was fresh while the service ran
    folder = copy / "orders" / f"day={(NIGHT + timedelta(days=1)).isoformat()}"
    folder.mkdir()
    assert ready(late) == (503, stale, [])


def test_platform_without_sessions_is_ready(tmp_path):
    """Sessions that a platform never delivers are a warning; a check of one is still held."""
    served = publish_order_lake(tmp_path / "lake")
    gate = open_gate(served, None, load_policy(), now=lambda: FIRST_ORDER + timedelta(days=1))
    headers = {"X-API-Key": make_key(served, "all", ["boost", "minutes", "read"])}
    client = TestClient(gate_application(gate), headers=headers)
    ready = client.get("/readyz")
    assert ready.status_code == 200, ready.json()
    assert {"part": "models", "code": "peers_missing"} in ready.json()["warnings"]
    asked = {"requestId": "r1", "operatorId": "op1", "sessionId": "s1"}
    answer = client.post("/v1/boost-check", json=asked).json()
    assert answer["degraded"] and answer["suggestedAction"] != "PASS"


def test_reading_a_night_holds_no_check_up(lake, monkeypatch):
    """The night is read in another thread; checks have the one in memory meanwhile."""
    from serving.gate.dependencies import night_in_force

    cache = NightCache(Lake.open(lake), STALE_HOURS, lambda: NOW)
    read, before = night_in_force.read_published_night, cache.current()

    def slowly(*arguments):
        time.sleep(0.5)
        return read(*arguments)

    monkeypatch.setattr(night_in_force, "read_published_night", slowly)
    cache.read, cache.look_at = ("2026-01-19", "another"), 0.0
    started = time.perf_counter()
    assert cache.current() is before and time.perf_counter() - started < 0.3
    for _ in range(100):
        if cache.current() is not before:
            return
        time.sleep(0.05)
    pytest.fail("the night was not read")


def test_gate_without_own_live_model_is_degraded_where_the_night_had_one(lake, models, keys):
    """No models where the night had its own: sessions hold, and the answer names the prior."""
    gate = open_gate(lake, None, load_policy(), now=lambda: NOW)
    operator, minutes = calm_session(open_gate(lake, models, load_policy(), lambda: NOW), lake)
    client = TestClient(gate_application(gate), headers={"X-API-Key": keys["all"]})
    stamp = str(time.time())
    answer = ask(client, requestId=stamp, operatorId=operator, minutes=minutes).json()
    assert answer["degradedBy"] == ["live_model_missing"] and answer["riskLevel"] == "REVIEW"
    assert answer["answeredByPrior"] == ["session"]
    assert client.get("/readyz").json()["reasons"] == [
        {"part": "models", "code": "live_model_missing"}
    ]


def test_clocks_before_and_after_the_night(lake, gate, keys):
    """The attack of the reliability page, in small: no PASS outside of the night's time."""
    calm, as_of = calm_session(gate, lake), gate.night.current().as_of
    moments = list(clocks(as_of, 20))
    assert min(moments) < as_of - timedelta(days=365) and date(2027, 1, 1) < max(moments).date()
    assert asyncio.run(wrong_answers(gate, keys["all"], calm, moments)) == (0, [])
