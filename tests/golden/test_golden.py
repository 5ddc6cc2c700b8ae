"""What two nights of the small world publish, five answers, a replay and the releases are those
of the record."""

from __future__ import annotations

import json
import shutil

import pytest

from features.catalogue import EQUAL_DIGESTS
from tests.golden.digests import FILE, differences, everything, processor

VALUES_OF_VERSION_1 = {
    "2026-01-19": "b5d3bc7de7731484",
    "2026-01-20": "f253b659f71fd1aa",
}  # as the catalogue of today orders them


def test_nothing_moved(published, models, tmp_path):
    """Every published column, gate answer and release is as recorded; a change on purpose writes
    the record anew."""
    meant = json.loads(FILE.read_text("utf-8"))
    if meant.pop("processor") != processor():
        pytest.skip(
            "the record was made on another processor, whose trees differ in their last bits"
        )
    lake = shutil.copytree(published, tmp_path / "lake", ignore=shutil.ignore_patterns("online"))
    assert differences(meant, everything(lake, models)) == []


def test_equal_catalogues_give_the_recorded_values():
    """EQUAL_DIGESTS holds while signals of the small world are those of version 1; else empty
    it."""
    signals = {
        night: tables["signals"]["value"]
        for night, tables in json.loads(FILE.read_text("utf-8"))["nights"].items()
    }
    assert not EQUAL_DIGESTS or signals == VALUES_OF_VERSION_1
