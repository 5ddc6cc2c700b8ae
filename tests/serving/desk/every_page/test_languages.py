"""No page mixes languages: a crawl in each finds no sentence of the other."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from serving.desk.casework.case_measures import WantedMeasure, propose_measure
from serving.desk.casework.claims import Chosen
from serving.desk.casework.notes import add_note
from serving.desk.store.tables.accounts import AccountRow
from tests.serving.desk.cases.working import cases_of, decided

PAGES_PER_KIND = 2
BEGINNINGS = ("/", "/credit", "/login", "/laboratory", "/audit-log", "/nights")
IDS = re.compile(r"(?<=/)[^/?]*\d[^/?]*|(?<==)[^&]*")
CHINESE = re.compile(r"[\u3400-\u9fff]+[^<]{0,20}")
ENGLISH = re.compile(r"(?:\b[A-Za-z][a-z]+ ){3,}[a-z]+\b")
VOID = {"meta", "link", "input", "br", "img", "hr", "col", "wbr"}
# Ids, source text, words of people, and what names its own language are no words of a page.
UNREAD_TAGS = {"code", "q", "textarea", "script", "style", "svg", "pre", "option"}
UNREAD_CLASSES = {"id"}


class VisibleText(HTMLParser):
    """Words of a page that are in its language, and its links."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language, self.open, self.words, self.links = language, [], [], []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "a" and values.get("href", "").startswith("/"):
            self.links.append(values["href"].partition("#")[0])
        if tag in VOID:
            return
        language = values.get("lang", "")[:2]
        classes = set((values.get("class") or "").split())
        is_unread = tag in UNREAD_TAGS or bool(classes & UNREAD_CLASSES)
        self.open.append((tag, is_unread or language not in ("", self.language)))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(is_unread for _, is_unread in self.open):
            self.words.append(data)


def crawl(client, language: str) -> dict[str, list[str]]:
    """Foreign words of pages by address; of each kind of page a few are read."""
    waiting, seen, kinds, foreign = list(BEGINNINGS), set(), {}, {}
    pattern = ENGLISH if language == "zh" else CHINESE
    while waiting:
        path = waiting.pop(0)
        kind = IDS.sub("*", path)
        if path in seen or kinds.get(kind, 0) >= PAGES_PER_KIND or "format=" in path:
            continue
        seen.add(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = client.get(path)
        if "html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status_code < 400, path
        page = VisibleText(language)
        page.feed(answer.text)
        found = pattern.findall(" ".join(" ".join(page.words).split()))
        if found:
            foreign[path] = sorted(set(found))
        waiting += [link for link in page.links if urlsplit(link).path != "/logout"]
    assert len(seen) > 30, seen
    return foreign


@pytest.fixture
def client_of_all(desk, client, people):
    """An account with every role, and a desk with a decided case, a proposal and a note."""
    made = client(name="li")
    li, (one, two) = people.signer("li"), cases_of(desk)[:2]
    add_note(desk, Chosen([two], li), "@li", ["li"])
    decided(desk, one, li)
    propose_measure(desk, Chosen([one], li), WantedMeasure("block", 7, "x", "y"))
    return made


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_mixes_languages(desk, client_of_all, language):
    """What is no id, no source and no word of a person is in the language of the page."""
    with desk.database.transaction() as session:
        session.execute(update(AccountRow).values(language=language))
    foreign = crawl(client_of_all, language)
    assert foreign == {}
