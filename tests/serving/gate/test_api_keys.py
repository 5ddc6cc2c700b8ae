"""API keys: made, listed, expired, rotated, revoked, and seen by a gate that runs."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from typer.testing import CliRunner

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.cli.main import app
from serving.gate.api_keys import make_key, revoke_keys, rotate_key
from serving.gate.protocol.key_file import (
    KeysDamaged,
    digest_of_key,
    last_use_days,
    parse_keys,
    read_keys,
)
from serving.gate.protocol.key_ring import KeyRing, KeysUnreadable

NOW = datetime(2026, 3, 1, 12)
DAY = timedelta(days=1)


@pytest.fixture
def empty(tmp_path):
    return Lake(tmp_path)


def steelyard(*words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def test_keys_are_listed_without_the_key(empty):
    """Keys are listed without the key."""
    lake = str(empty.root)
    made = steelyard("key", lake, "--name", "gate", "--scopes", "boost", "--expires", "90d")
    steelyard("key", lake, "--name", "desk")
    KeyRing(empty).find(made["key"], NOW)
    desk, gate = steelyard("keys", lake)
    assert (desk["name"], desk["expires"], desk["last_used"]) == ("desk", "never", None)
    assert (gate["scopes"], gate["state"], gate["last_used"]) == ("boost", "valid", "2026-03-01")
    lifetime = datetime.fromisoformat(gate["expires"]) - datetime.fromisoformat(gate["made"])
    assert lifetime == 90 * DAY
    for file in empty.online.iterdir():
        assert made["key"] not in file.read_text() and file.stat().st_mode & 0o777 == 0o600


def test_expiry_is_days_or_a_date_and_never_passed(empty):
    """An expiry is days or a date, and never past."""
    lake = str(empty.root)
    assert steelyard("key", lake, "--expires", "2099-01-31")["expires"] == "2099-01-31T00:00:00"
    for wrong in ("soon", "90", "2020-01-01", "-5d"):
        with pytest.raises(LakeProblem, match=r"neither days nor a date|has expired already"):
            steelyard("key", lake, f"--expires={wrong}")


def test_an_expired_key_is_refused_from_its_moment_on(empty):
    """An expired key is refused from its moment on."""
    key = make_key(empty, "k", ["read"], made=NOW, expires=NOW + DAY)
    ring = KeyRing(empty)
    assert ring.find(key, NOW + DAY - timedelta(seconds=1)).scopes == {"read"}
    assert ring.find(key, NOW + DAY) is None


def test_a_revoked_key_is_refused_at_the_next_request(empty):
    """A revoked key is refused at the next request."""
    key, other = make_key(empty, "k", ["read"]), make_key(empty, "other", ["read"])
    ring = KeyRing(empty)
    assert ring.find(key, NOW)
    steelyard("revoke-key", str(empty.root), "k")
    assert ring.find(key, NOW) is None and ring.find(other, NOW)
    with pytest.raises(LakeProblem, match="no key is called k"):
        revoke_keys(empty, "k")


def test_one_key_of_a_name_is_revoked_by_its_id(empty):
    """One key of a name is revoked by its id."""
    first, second = make_key(empty, "k", ["read"]), make_key(empty, "k", ["read"])
    revoke_keys(empty, digest_of_key(first)[:8])
    ring = KeyRing(empty)
    assert ring.find(first, NOW) is None and ring.find(second, NOW)


def test_rotation_keeps_scopes_lifetime_and_an_overlap(empty):
    """Rotation keeps scopes and lifetime, and has an overlap."""
    old = make_key(empty, "k", ["boost"], made=NOW - 80 * DAY, expires=NOW + 10 * DAY)
    new, described = rotate_key(empty, "k", NOW, 7 * DAY)
    ring = KeyRing(empty)
    assert described.scopes == {"boost"} and described.expires == NOW + 90 * DAY
    assert ring.find(old, NOW + 6 * DAY) and ring.find(old, NOW + 7 * DAY) is None
    assert ring.find(new, NOW + 7 * DAY).name == "k"


def test_makers_at_once_lose_no_key(empty):
    """Two makers at once lose no key."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda i: make_key(empty, f"k{i}", ["read"]), range(40)))
    ring = KeyRing(empty)
    assert all(ring.find(key, NOW) for key in made) and len(read_keys(empty)) == 40


def test_a_running_ring_refuses_no_valid_key_while_keys_are_made(empty):
    """A running ring refuses no valid key while keys are made."""
    key = make_key(empty, "k", ["read"])
    ring, done = KeyRing(empty), threading.Event()
    refused = []

    def ask():
        while not done.is_set():
            refused.append(ring.find(key, NOW) is None)

    asking = threading.Thread(target=ask)
    asking.start()
    for i in range(30):
        make_key(empty, f"n{i}", ["read"])
        revoke_keys(empty, f"n{i}")
    done.set()
    asking.join()
    assert len(refused) > 30 and not any(refused) and ring.problem is None


def test_a_damaged_key_file_keeps_the_last_good_keys_and_says_so(empty):
    """A damaged key file keeps the last good keys and says so."""
    key = make_key(empty, "k", ["read"])
    good = empty.api_keys.read_bytes()
    ring = KeyRing(empty)
    empty.api_keys.write_bytes(good[: len(good) // 2])
    assert ring.find(key, NOW) and ring.find("sk_other", NOW) is None
    assert ring.problem == "keys_damaged"
    with pytest.raises(KeysUnreadable):
        KeyRing(empty).find(key, NOW)
    with pytest.raises(KeysDamaged, match="make new keys"):
        make_key(empty, "n", ["read"])
    empty.api_keys.write_bytes(good)
    assert ring.find(key, NOW) and ring.problem is None
    empty.api_keys.unlink()
    assert ring.find(key, NOW) is None


def test_no_changed_byte_of_the_key_file_opens_anything(empty):
    """No changed byte of the key file opens anything."""
    make_key(empty, "k", ["read"], made=NOW, expires=NOW + DAY)
    good = empty.api_keys.read_bytes()
    meant, damaged = parse_keys(good), 0
    for place in range(len(good)):
        for flipped in (1, 2, 32):
            changed = bytearray(good)
            changed[place] ^= flipped
            try:
                assert parse_keys(bytes(changed)) == meant
            except KeysDamaged:
                damaged += 1
    assert damaged > len(good)
    for whole in (b"[]", b"null", b"7", b'{"a":1}', b'{"format":2}', b"[" * 100_000, b"\xff"):
        with pytest.raises(KeysDamaged):
            parse_keys(whole)


def test_keys_of_an_earlier_version_still_work(empty):
    """Keys of an earlier version still work."""
    empty.online.mkdir()
    empty.api_keys.write_text(
        json.dumps({digest_of_key("sk_old"): {"name": "old", "scopes": ["boost"]}})
    )
    assert KeyRing(empty).find("sk_old", NOW).scopes == {"boost"}
    make_key(empty, "new", ["read"])
    assert KeyRing(empty).find("sk_old", NOW) and len(read_keys(empty)) == 2


def test_the_last_use_is_a_day_and_its_loss_refuses_nobody(empty):
    """The last use is a day, and its loss refuses no caller."""
    key = make_key(empty, "k", ["read"])
    ring = KeyRing(empty)
    for hours in (0, 5, 30):
        ring.find(key, NOW + timedelta(hours=hours))
    assert last_use_days(empty) == {digest_of_key(key): (NOW + DAY).date()}
    empty.key_use.write_text("{")
    assert last_use_days(empty) == {}
    empty.key_use.unlink()
    empty.key_use.mkdir()  # cannot be replaced by a file
    assert KeyRing(empty).find(key, NOW)
