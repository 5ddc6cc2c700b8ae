"""Identities that two platforms match under an agreed key, and what happens without one."""

from __future__ import annotations

import pytest

from serving.export.matchable_identity import AgreedIdentities, BadIdentities, read_identities

KEY = b"a key of two platforms"
NUMBER = "91330100MA2A1B2C3X"


def test_the_same_number_has_the_same_identity():
    """Case, separators and full-width letters do not count; the pseudonym does not matter."""
    one = AgreedIdentities(KEY, {"o1": NUMBER})
    for written in ("91330100ma2a1b2c3x", "9133 0100-MA2A 1B2C 3X", "９１３３０１００MA2A1B2C3X"):
        two = AgreedIdentities(KEY, {"x9": written, "x8": "91330100MA2A1B2C3Y"})
        assert two.operator_of(one.identity_of("o1")) == "x9"


def test_another_key_matches_nobody_and_is_told_apart():
    """An identity under another key is no match, and the names of the keys differ."""
    one, two = AgreedIdentities(KEY, {"o1": NUMBER}), AgreedIdentities(KEY + b"!", {"x9": NUMBER})
    assert two.operator_of(one.identity_of("o1")) is None and one.key_id != two.key_id
    assert KEY.decode() not in repr(one) and NUMBER not in repr(one)


def test_a_shared_number_matches_nobody():
    """Two operators with one number are not told apart, so neither is named."""
    here = AgreedIdentities(KEY, {"x1": NUMBER, "x2": NUMBER})
    assert here.operator_of(here.identity_of("x1")) is None and here.identity_of("o9") is None


@pytest.mark.parametrize(
    ("registry", "key", "words"),
    [
        ("operator_id,registration_number\no1,1\n", b"short", "16 bytes"),
        ("operator_id,number\no1,1\n", KEY, "columns"),
        ("operator_id,registration_number\no1,1\no1,2\n", KEY, "two numbers"),
        ("operator_id,registration_number\no1, \n", KEY, "lacks"),
        ("", KEY, "columns"),
    ],
    ids=["short key", "no column", "two numbers", "no number", "empty"],
)
def test_files_that_cannot_be_used_are_refused(registry, key, words, tmp_path):
    """A short key, a missing column or a contradiction is refused in words."""
    (tmp_path / "r.csv").write_text(registry, "utf-8")
    (tmp_path / "key").write_bytes(key)
    with pytest.raises(BadIdentities, match=words):
        read_identities(tmp_path / "r.csv", tmp_path / "key")


def test_registry_is_read_with_the_mark_of_a_spreadsheet(tmp_path):
    """A byte order mark and a repeated row do no harm."""
    text = "\ufeffoperator_id,registration_number\no1,1-2\no1,12\n"
    (tmp_path / "r.csv").write_text(text, "utf-8")
    (tmp_path / "key").write_bytes(KEY + b"\n")
    found = read_identities(tmp_path / "r.csv", tmp_path / "key")
    assert found.identity_of("o1") == AgreedIdentities(KEY, {"q": "12"}).identity_of("q")
