"""JSON at the door: what is no strict JSON is refused with its type."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.gate.protocol.strict_json import (
    NotStrictJson,
    decode_strict_json,
    refuse_repeated_keys,
)


def post(client, body: bytes):
    return client.post(
        "/v1/boost-check", content=body, headers={"content-type": "application/json"}
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"requestId":"a","operatorId":"b","operatorId":"c"}',
        b'{"requestId":"a","operatorId":5,"operatorId":"c"}',
        b'{"requestId":"a","operatorId":"b","operator\\u0049d":"c"}',
        b'{"requestId":"a:","operatorId":"\\u003a","operatorId":"c"}',
        b'{"requestId":"a","operatorId":"b","minutes":[{"minute":1,"minute":1}]}',
        b'{"requestId":"a","operatorId":"b","x":{"y":[{"z":1,"z":2}]}}',
    ],
)
def test_a_repeated_key_is_refused_at_every_depth(client, gate, body):
    """A repeated key is refused at every depth."""
    answer = post(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "repeated_key")
    assert not gate.ledger.sealed


@pytest.mark.parametrize("depth", [150, 250, 900, 1_100, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_nested_json_is_a_typed_refusal(client, depth, opened, closed):
    """Nested JSON is a typed refusal."""
    value = opened * depth + "1" + closed * depth
    for body in (value, f'{{"requestId":"a","operatorId":"b","x":{value}}}', opened * depth):
        answer = post(client, body.encode())
        assert answer.status_code in (400, 422)
        assert answer.json()["code"] in ("not_json", "invalid_field")
        assert depth < 900 or answer.status_code == 400 or body == value[:0]


@pytest.mark.parametrize(
    "value",
    [
        "1" * 400,
        "1" * 5_000,
        "-1" + "0" * 4_400,
        "1e400",
        "-1e999",
        "NaN",
        "-Infinity",
        '"1.5"',
        "01",
        "1.",
        ".5",
        "0x1",
        "+1",
        "true",
        "[1]",
        "{}",
    ],
)
def test_a_number_out_of_range_is_refused(client, value):
    """A number out of range is refused."""
    body = f'{{"requestId":"a","operatorId":"b","minutes":[{{"minute":1,"viewers":{value}}}]}}'
    answer = post(client, body.encode())
    assert answer.status_code in (400, 422) and answer.json()["where"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"requestId":"\\ud800","operatorId":"b"}',
        b'{"requestId":"\\udc00\\ud800","operatorId":"b"}',
        b'{"requestId":"\xed\xa0\x80","operatorId":"b"}',
        b'{"requestId":"\xc0\xaf","operatorId":"b"}',
        b'\xef\xbb\xbf{"requestId":"a","operatorId":"b"}',
        '{"requestId":"a","operatorId":"b"}'.encode("utf-16"),
        b'{"requestId":"a","operatorId":"b"}{}',
        b'{"requestId":"a\nb","operatorId":"b"}',
    ],
)
def test_text_that_is_not_utf8_json_is_refused(client, body):
    """Text that is not JSON in UTF-8 is refused."""
    answer = post(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_the_name_of_an_unknown_field_is_not_sent_back_whole(client):
    """The name of an unknown field is not sent back whole."""
    answer = post(client, json.dumps({"x" * 1_000_000: 1}).encode())
    assert answer.status_code == 422 and len(answer.content) < 2_000


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def without_repeats(pairs):
    if len(dict(pairs)) != len(pairs):
        raise KeyError
    return dict(pairs)


@settings(max_examples=300, deadline=None)
@given(JSON_VALUES, st.booleans(), st.data())
def test_repeats_are_found_as_a_slow_parser_finds_them(value, plain, data):
    """Repeats are found as a slow parser finds them."""
    text = json.dumps(value, ensure_ascii=plain)
    colons = [i for i, c in enumerate(text) if c == ":"]
    if colons:  # write some object's first member twice
        at = data.draw(st.sampled_from(colons))
        start = text.rfind("{", 0, at)
        if start >= 0:
            text = text[: start + 1] + '"k":1,"k":2,' + text[start + 1 :]
    body = text.encode("utf-8", "surrogatepass")
    try:
        decoded = decode_strict_json(body)
    except NotStrictJson:
        return  # a lone surrogate, or braces inside a text
    try:
        json.loads(text, object_pairs_hook=without_repeats)
        repeats = False
    except KeyError:
        repeats = True
    try:
        refuse_repeated_keys(body, decoded)
        assert not repeats
    except NotStrictJson:
        assert repeats
