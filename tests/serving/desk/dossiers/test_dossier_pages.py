"""Pages of dossiers: who sees them, in which language, and what they export."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import quote

import pytest
from sqlalchemy import select

from data_contracts.contract import contract
from serving.desk.store.tables.audit import AuditRow
from serving.pages import text_catalogue
from serving.pages.text_catalogue import word

HAN = re.compile(r"[\u4e00-\u9fff]")
MARKUP = re.compile(r"<head>.*?</head>|<select.*?</select>|<[^>]+>", re.S)
SWITCH = re.compile(r'<div class="who">.*?</div>', re.S)


@pytest.fixture(scope="module")
def addresses(night, riskiest, falsest, largest_ring) -> dict[str, str]:
    """One address of each kind of page."""
    return {
        "operators": "/operators",
        "operator": f"/operators/{quote(riskiest, safe='')}",
        "orders": f"/operators/{quote(riskiest, safe='')}/orders",
        "session": f"/sessions/{quote(falsest, safe='')}",
        "views": f"/sessions/{quote(falsest, safe='')}/false-views",
        "session orders": f"/sessions/{quote(falsest, safe='')}/orders",
        "rings": "/rings",
        "ring": f"/rings/{quote(largest_ring, safe='')}",
        "search": "/search?q=100",
    }


def test_pages_need_a_login_and_a_role(reading, addresses):
    """A visitor is led to the login; an administrator of accounts sees no evidence."""
    client = reading.client("administrator")
    for address in addresses.values():
        assert client.get(address).status_code == 403
        client_without = reading.client("viewer")
        client_without.cookies.clear()
        assert client_without.get(address).status_code == 303


def test_pages_are_in_one_language(reading, addresses):
    """An English page has no Chinese character, and a Chinese page has words of Chinese."""
    for language in ("en", "zh"):
        client = reading.client("viewer", language)
        for name, address in addresses.items():
            answer = client.get(address)
            assert answer.status_code == 200, name
            text = MARKUP.sub(" ", SWITCH.sub(" ", answer.text))
            found = HAN.findall(text)
            assert (found == []) == (language == "en"), (name, text[:400])
            assert "Undefined" not in text and "None" not in text and " nan" not in text.lower()
            assert "style=" not in answer.text and "<script>" not in answer.text


def test_things_that_are_not_there_are_not_found(reading):
    """Unknown ids, nights and odd pages say so or show what there is."""
    client = reading.client("viewer")
    for address in (
        "/operators/nobody",
        "/operators/a%2Fb",
        "/operators/%F0%9F%98%80+%3D%20",
        "/sessions/..%2F..",
        "/rings/x",
        "/rings/x/graphml",
        "/operators?night=2020-01-01",
        "/operators?night=yesterday",
        "/operators/nobody/orders",
        "/sessions/nothing/false-views",
    ):
        assert client.get(address).status_code in (403, 404), address
    for odd in ("-1", "0", "999999999", "abc", "１"):
        assert client.get(f"/operators?page={odd}").status_code == 200


def test_hostile_words_are_escaped(reading):
    """What a user typed comes back as text."""
    answer = reading.client("viewer").get("/search", params={"q": "<script>alert(1)</script>"})
    assert answer.status_code == 200 and "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_exports_need_a_role_and_have_every_row(reading, night, falsest):
    """A viewer may not export; a patrol gets every view named false, ids unchanged."""
    address = f"/sessions/{falsest}/false-views?format=csv"
    assert reading.client("viewer").get(address).status_code == 403
    answer = reading.client("patrol").get(address)
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    sql = "SELECT view_id FROM false_views WHERE session_id = ?"
    assert {r["view_id"] for r in rows} == {r["view_id"] for r in night.rows(sql, falsest)}
    assert "attachment" in answer.headers["content-disposition"]


def test_reading_evidence_is_audited(reading, riskiest):
    """Each dossier that is opened is a line of the audit log."""
    reading.client("viewer").get(f"/operators/{riskiest}")
    with reading.desk.database.transaction() as session:
        subjects = session.scalars(select(AuditRow.subject).where(AuditRow.kind == "operator"))
        assert riskiest in set(subjects)


def test_every_code_has_words():
    """Published codes have a text in both languages; a code of a platform stands as it is."""
    texts = text_catalogue.texts()
    for area, table, column in (
        ("operators.selected_by", "tier_decisions", "selected_by"),
        ("operators.attribution", "tier_decisions", "attribution"),
        ("operators.status", "measures", "status"),
        ("operators.verdict", "measures", "outcome"),
        ("operators.duty", "findings", "duty"),
        ("operators.complaint", "complaints", "kind"),
        ("operators.source", "outcomes", "source"),
        ("dossier.typology", "outcomes", "typology"),
        ("dossier.measure", "corrected_figures", "measure"),
        ("dossier.basis", "corrected_figures", "basis"),
        ("dossier.cause", "room_links", "kind"),
        ("dossier.entry", "views", "entry_source"),
        ("rings.kind", "rings", "kind"),
    ):
        rules = [r.sql for r in contract(table).rules if r.column == column]
        codes = set(re.findall(r"'([a-z_0-9]+)'", " ".join(rules)))
        assert codes, (table, column)
        missing = {c for c in codes if f"{area}_{c}" not in texts}
        assert not missing, (area, missing)
    assert word("en", "operators.complaint", "its own code") == "its own code"
