"""Ids at the door: whatever contracts accept is asked for."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from starlette.testclient import TestClient

from data_contracts.contract import contract, inbound_names
from serving.gate.http import gate_application
from serving.gate.protocol.api_routes import find_route
from serving.gate.protocol.ids import MAX_ID_CHARACTERS, MIN_ID_CHARACTERS
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
    """Every id of the contracts can be asked for in both forms."""
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
    """Dots in a path are an id where they arrive."""
    route = find_route("GET", sent)
    assert route.name == "operators" and route.requested_id({"raw_path": sent}) == ".."


def test_forms_of_one_letter_are_two_operators(odd_night, keys):
    """Two encodings of one letter name two operators."""
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
    """URLs that name nothing are refused in words."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)


def test_the_length_of_ids_is_that_of_the_contracts():
    """The length of ids is that of the contracts."""
    for name in inbound_names():
        for rule in contract(name).rules:
            if rule.name.endswith("_id_has_length"):
                assert f"BETWEEN {MIN_ID_CHARACTERS} AND {MAX_ID_CHARACTERS}" in rule.sql
