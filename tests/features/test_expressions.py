"""Claims about versions of an app in whatever form a platform writes them."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from features.expressions import major, number


def read(*texts: str | None) -> pd.DataFrame:
    t = ibis.memtable(pd.DataFrame({"i": range(len(texts)), "v": list(texts)}))
    return t.mutate(major=major(t.v), number=number(t.v)).order_by("i").execute()


@pytest.mark.parametrize(
    ("text", "whole"), [("9.2", 9), ("30.5.1", 30), ("v8", 8), ("android-27.3.0", 27), ("7", 7)]
)
def test_the_major_version_is_the_first_whole_number(text, whole):
    """The major version is the first whole number."""
    assert read(text, None)["major"].iloc[0] == whole


def test_minor_versions_are_compared_as_numbers():
    """The tenth minor version comes after the second, and patches are alike."""
    n = read("9.2", "9.10", "10.0", "9.2.7", "9")["number"]
    assert n[4] < n[0] == n[3] < n[1] < n[2]


def test_a_version_without_a_number_is_unknown():
    """A version without a number is unknown."""
    assert read("beta", "", None).drop(columns=["i", "v"]).isna().all().all()
