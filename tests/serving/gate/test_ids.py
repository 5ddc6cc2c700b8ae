"""Ids and JSON at the door: what contracts accept is asked for, what is no strict JSON is not."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from data_contracts.contract import contract, inbound_names
from serving.gate.http import gate_application
from serving.gate.protocol.api_routes import find_route
from serving.gate.protocol.ids import MAX_ID_CHARACTERS, MIN_ID_CHARACTERS
from serving.gate.protocol.strict_json import (
    NotStrictJson,
    decode_strict_json,
    refuse_repeated_keys,
)
from tests.serving.gate.asking import ask, minutes, ordinary

ODD_IDS = [
    "gid://shop/12",
    "a/b/minutes",
    "/",
    "直播🛒",
    "a b",
    " ",
    "a+b",
    "a=b&c=d",
    "100%",
    "%2F",
    "a?b#c",
    "..",
    ".",
    "../../healthz",
    "...x.",
    "x" * 400,
    "é",
    "e\u0301",
    "\u0000",
    "a\n\u2028\u0085b",
    "\u202etxt",
    'a"\\b',
]


@pytest.fixture
def odd_night(gate, lake, tiers):
    """A gate whose night has an operator of every odd id, each with a credit of its own."""
    night = gate.night.state
    known = night.operators[ordinary(lake, tiers)]
    credit = next(iter(night.credit.values()))
    for name in ODD_IDS:
        night.operators[name] = known
        night.credit[name] = credit | {"operator_id": name}
    yield gate
    for name in ODD_IDS:
        del night.operators[name], night.credit[name]


@pytest.mark.parametrize("name", ODD_IDS, ids=ascii)
def test_every_id_of_the_contracts_is_asked_for_in_both_forms(odd_night, keys, name):
    client = TestClient(gate_application(odd_night), headers={"X-API-Key": keys["all"]})
    in_path, in_query = quote(name, safe=""), urlencode({"operatorId": name})
    base = "http://testserver/v1/"
    paths = [f"operators?{in_query}", f"credit?{in_query}"]
    if name not in (".", ".."):  # clients resolve such paths: that is what the second form is for
        paths += [f"operators/{in_path}", f"credit/{in_path}"]
    for path in paths:
        answer = client.get(base + path)
        assert answer.status_code == 200 and answer.json()["operatorId"] == name, path
    assert ask(client, requestId=name, operatorId=name).json()["riskLevel"] == "PASS"
    session = urlencode({"sessionId": name})
    body = {"operatorId": name, "minutes": minutes(3)}
    stored = client.put(f"{base}sessions/minutes?{session}", json=body)
    assert stored.json() == {"sessionId": name, "minutes": 3}
    again = ask(
        client, requestId=name + "2" if len(name) < 400 else "2", operatorId=name, sessionId=name
    )
    assert again.status_code == 200


@pytest.mark.parametrize("sent", [b"/v1/operators/..", b"/v1/operators/%2E%2e"])
def test_dots_in_a_path_are_an_id_where_they_arrive(sent):
    route = find_route("GET", sent)
    assert route.name == "operators" and route.requested_id({"raw_path": sent}) == ".."


def test_forms_of_one_letter_are_two_operators(odd_night, keys):
    client = TestClient(gate_application(odd_night), headers={"X-API-Key": keys["all"]})
    composed, decomposed = "%C3%A9", "e%CC%81"
    assert client.get(f"/v1/credit/{composed}").json()["operatorId"] == "é"
    assert client.get(f"/v1/credit/{decomposed}").json()["operatorId"] == "e\u0301"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/credit/%ff", 400, "invalid_path"),
        ("/v1/credit/%ed%a0%80", 400, "invalid_path"),
        ("/v1/credit/%zz", 400, "invalid_path"),
        ("/v1/credit/a%", 400, "invalid_path"),
        ("/v1/credit/", 422, "invalid_field"),
        ("/v1/credit/" + "x" * 401, 422, "invalid_field"),
        ("/v1/credit", 400, "invalid_path"),
        ("/v1/credit?operatorId=", 422, "invalid_field"),
        ("/v1/credit?operator=a", 400, "invalid_path"),
        ("/v1/credit?operatorId=a&operatorId=b", 400, "invalid_path"),
        ("/v1/credits/a", 404, "no_such_path"),
        ("/", 404, "no_such_path"),
        ("/v1/boost-check", 405, "method_not_allowed"),
    ],
)
def test_urls_that_name_nothing_are_refused_in_words(client, path, status, code):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)


def test_the_length_of_ids_is_that_of_the_contracts():
    for name in inbound_names():
        for rule in contract(name).rules:
            if rule.name.endswith("_id_has_length"):
                assert f"BETWEEN {MIN_ID_CHARACTERS} AND {MAX_ID_CHARACTERS}" in rule.sql


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
    answer = post(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "repeated_key")
    assert not gate.ledger.sealed


@pytest.mark.parametrize("depth", [150, 250, 900, 1_100, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_nested_json_is_a_typed_refusal(client, depth, opened, closed):
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
    answer = post(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_the_name_of_an_unknown_field_is_not_sent_back_whole(client):
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
