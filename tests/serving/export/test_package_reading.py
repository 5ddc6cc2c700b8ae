"""Zips and lists from other parties are refused in words, never unpacked and never a traceback."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.export import package_reading
from serving.export.evidence_package import package_faults
from serving.export.package_reading import read_package
from serving.export.shared_measures import BadExchange, import_warnings
from serving.export.signing import public_key_text, sign, signing_key

NOW = datetime(2026, 1, 22)


@pytest.fixture
def lake(tmp_path) -> Lake:
    (tmp_path / "lake").mkdir()
    return Lake(tmp_path / "lake")


def packed(lake: Lake, path: Path, manifest: Any = None, **more: bytes) -> Path:
    """A package signed by a lake, with one table and further files."""
    files = {"table.csv": b"a,b\n1,2\n"} | more
    body = {"files": {n: hashlib.sha256(b).hexdigest() for n, b in files.items()}}
    text = json.dumps(body if manifest is None else manifest).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            z.writestr(name, content)
        z.writestr("manifest.json", text)
        z.writestr("signature.json", json.dumps(sign(lake, text)))
    return path


def with_entry(path: Path, name: str, body: bytes = b"x", mode: int = 0, method: int = 8) -> Path:
    """Add an entry that the packing never writes."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr, entry.compress_type = mode << 16, method
    with zipfile.ZipFile(path, "a") as z:
        z.writestr(entry, body)
    return path


def test_a_package_holds_for_the_named_key_alone(lake, tmp_path):
    """Anybody can sign: without a named key, or by another one, the signature is a fault."""
    file = packed(lake, tmp_path / "case.zip")
    key = public_key_text(signing_key(lake))
    assert package_faults(file, key) == []
    assert "a key that was not named" in package_faults(file, None)[0]
    other = Lake(tmp_path / "other")
    foreign = packed(other, tmp_path / "foreign.zip")
    assert package_faults(foreign, key) == ["manifest.json: the signature does not hold"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("table.csv", "is there twice"),
        ("TABLE.csv", "is there twice"),
        ("../table.csv", "outside of the package"),
        ("/etc/passwd", "outside of the package"),
        ("a\\b", "outside of the package"),
        ("c:x", "outside of the package"),
        ("folder/", "no plain name"),
        ("a\nb", "no plain name"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries_of_no_package_are_refused(lake, tmp_path, name, words):
    """Twice, outside of the folder, or with a name that is none."""
    file = with_entry(packed(lake, tmp_path / "case.zip"), name)
    (fault,) = package_faults(file, public_key_text(signing_key(lake)))
    assert words in fault and "Ask the sender" in fault


def test_links_and_other_methods_are_refused(lake, tmp_path):
    """A symbolic link, and a method whose bombs have no bound on their ratio."""
    link = with_entry(packed(lake, tmp_path / "a.zip"), "l", b"/etc", stat.S_IFLNK | 0o777)
    lzma = with_entry(packed(lake, tmp_path / "b.zip"), "l", method=zipfile.ZIP_LZMA)
    for file, words in ((link, "a link"), (lzma, "neither stored nor deflated")):
        with pytest.raises(LakeProblem, match=words):
            read_package(file)


def test_a_bomb_is_refused_before_it_is_unpacked(lake, tmp_path, monkeypatch):
    """By its ratio, by its size, by its total, and by the number of its entries."""
    bomb = packed(lake, tmp_path / "bomb.zip", zeros=bytes(30 * 1024 * 1024))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(LakeProblem, match="decompression bomb"):
        read_package(bomb)
    file = packed(lake, tmp_path / "case.zip", more=b"more")
    for limit, words in (
        ("MAX_ENTRIES", "entries, more than 3"),
        ("MAX_TOTAL_BYTES", "bomb"),
        ("MAX_PACKAGE_BYTES", "more than 3 bytes"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(package_reading, limit, 3)
            with pytest.raises(LakeProblem, match=words):
                read_package(file)


MANIFESTS = [{}, [], {"files": []}, {"files": {"table.csv": 7}}, "text", {"files": None}]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=str)
def test_a_malformed_manifest_is_a_fault(lake, tmp_path, manifest):
    """A malformed manifest is a fault."""
    file = packed(lake, tmp_path / "case.zip", manifest)
    (fault,) = package_faults(file, public_key_text(signing_key(lake)))
    assert "is no evidence package" in fault


def test_every_cut_and_flip_of_a_package_is_a_fault(lake, tmp_path):
    """Each byte counts, or does not change what is read."""
    key, file = public_key_text(signing_key(lake)), packed(lake, tmp_path / "case.zip")
    body, damaged, missed = file.read_bytes(), tmp_path / "damaged.zip", 0
    whole = read_package(file)
    for at in range(0, len(body), 3):
        for changed in (body[:at], body[:at] + bytes([body[at] ^ 0x20]) + body[at + 1 :]):
            damaged.write_bytes(changed)
            if not package_faults(damaged, key):
                missed += read_package(damaged) != whole
    assert missed == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda g: g | {"entries": {}},
        lambda g: g | {"entries": [7]},
        lambda g: g | {"issuer": None, "entries": None},
        lambda g: g | {"issued_at": "yesterday"},
        lambda g: g | {"signature": 7},
        lambda g: [g],
        lambda g: {k: v for k, v in g.items() if k != "issuer"},
    ],
)
def test_a_malformed_list_is_refused_in_words(lake, tmp_path, change):
    """Nothing is written, and the message names the file."""
    body = {"format": "steelyard.joint-punishment/1", "issuer": "a", "issued_at": "2026-01-20"}
    body |= {"entries": []}
    text = json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
    given, key = body | {"signature": sign(lake, text)}, public_key_text(signing_key(lake))
    file = tmp_path / "list.json"
    file.write_text(json.dumps(given))
    assert import_warnings(lake, file, key, NOW).new == 0
    file.write_text(json.dumps(change(given)))
    with pytest.raises(BadExchange, match=r"list\.json"):
        import_warnings(lake, file, key, NOW)
    for text in ("{", '{"issuer": "a", "issuer": "b"}', "[" * 9_999, "\0"):
        file.write_text(text)
        with pytest.raises(BadExchange, match=r"list\.json"):
            import_warnings(lake, file, key, NOW)


def test_a_spoilt_private_key_is_named(lake):
    """The message does not make a new key in its place."""
    lake.signing_key.parent.mkdir(parents=True)
    lake.signing_key.write_text("no key")
    with pytest.raises(LakeProblem, match=r"signing\.key is no private key"):
        signing_key(lake)
