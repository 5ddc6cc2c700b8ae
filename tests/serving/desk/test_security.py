"""What stands before every page: forms from elsewhere, hostile text, sessions, limits."""

from __future__ import annotations

import threading
from html import unescape

import pytest
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from serving.desk.accounts.logins.sessions import ABSOLUTE_HOURS, IDLE_MINUTES
from serving.desk.store.tables.requests import RequestRow
from serving.desk.web import application as application_module
from serving.desk.web.addresses import url
from serving.desk.web.page import needs, redirect
from tests.serving.desk.conftest import BASE_URL, browser_of
from tests.serving.desk.people import PASSWORD

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 123457*654323 }}\u202e'
acts: list[str] = []


@needs("cases.work")
def act(request: Request) -> Response:
    """Count what was done; `fail` and `big` try the ends of it."""
    note = str(request.state.form.get("note", ""))
    acts.append(note)
    if note == "fail":
        raise RuntimeError("broken " + note)
    if note == "slow":
        threading.Event().wait(0.3)
    return redirect(request, "/account", "accounts.changed", name=note)


def echo(request: Request) -> Response:
    """Show the id of a path."""
    return PlainTextResponse(request.path_params["id"])


@pytest.fixture
def application(desk, monkeypatch):
    acts.clear()
    more = (Route("/act", act, methods=["POST"]), Route("/echo/{id:segment}", echo))
    monkeypatch.setattr(application_module, "ROUTES", (*application_module.ROUTES, *more))
    return application_module.desk_application(desk)


def test_every_form_needs_the_token_of_its_browser(client):
    """A form without token, with another's token, or from another site changes nothing."""
    one, other = client(), client(name="li")
    fields = one.fields("/account")
    assert one.http.post("/act", data={"once": fields["once"]}).status_code == 403
    foreign = fields | {"csrf": other.fields("/account")["csrf"]}
    assert one.http.post("/act", data=foreign).status_code == 403
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = one.http.post("/act", data=fields | {"note": "theirs"}, headers=headers)
        assert answer.status_code == 403 and "theirs" not in answer.text
    assert acts == []
    assert one.http.post("/act", data=fields, headers={"origin": BASE_URL}).status_code == 303
    assert acts == [""]


def test_same_key_acts_once(client):
    """The same form twice acts once and is answered alike; its key with other text is refused."""
    one = client()
    form = one.fields("/account") | {"note": "n1"}
    first, second = (one.http.post("/act", data=form) for _ in range(2))
    assert acts == ["n1"]
    assert (first.status_code, first.headers["location"]) == (303, "/account")
    assert second.headers["location"] == "/account"
    assert one.http.post("/act", data=form | {"note": "n2"}).status_code == 409
    assert one.http.post("/act", data=form | {"once": "short"}).status_code == 400
    assert acts == ["n1"]


def test_same_key_at_once_acts_once(client):
    """Of eight requests with one key at the same moment one acts, and all get its answer."""
    one = client()
    form = one.fields("/account") | {"note": "slow"}
    answers: list[int] = []

    def send() -> None:
        browser = browser_of(one.http.app)
        browser.cookies.set("desk_login", one.http.cookies["desk_login"])
        answers.append(browser.post("/act", data=form).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert acts == ["slow"] and answers == [303] * 8


def test_failed_form_can_be_sent_again(client, capsys):
    """An error of the code leaves no answer to repeat, and no text of the user in the log."""
    one = client()
    form = one.fields("/account") | {"note": "fail"}
    for times in (1, 2):
        answer = one.http.post("/act", data=form)
        assert answer.status_code == 500 and "did nothing" in answer.text
        assert acts == ["fail"] * times
    assert "broken fail" not in "".join(capsys.readouterr())


def test_interrupted_form_is_named(client, desk, clock):
    """A request whose process died is not repeated: the page says to look first."""
    one = client()
    form = one.fields("/account") | {"note": "n"}
    one.http.post("/act", data=form)
    with desk.database.transaction() as session:
        session.scalars(select(RequestRow)).one().status = None
    clock.advance(seconds=61)
    answer = one.http.post("/act", data=form)
    assert answer.status_code == 409 and "interrupted" in answer.text and acts == ["n"]


@pytest.mark.parametrize("at", [{"minutes": IDLE_MINUTES}, {"hours": ABSOLUTE_HOURS}])
def test_lost_login_loses_no_text(client, clock, at):
    """After its session ended, a form waits in the login page, and is sent after the login."""
    one = client("patrol", "viewer")
    form = one.fields("/account") | {"note": "a long note\n中文 " + HOSTILE}
    clock.advance(**at)
    page = one.http.post("/act", data=form)
    assert page.status_code == 401 and "is kept" in page.text and acts == []
    fields = {n: value(page.text, n) for n in ("csrf", "once", "unsent")}
    # the browser has the cookie of a visitor from this page on
    page = one.http.post("/login", data=fields | {"name": "wang", "password": PASSWORD})
    assert page.status_code == 200 and "Check it" in page.text
    kept = {n: value(page.text, n) for n in ("csrf", "once", "note")}
    assert kept["note"] == form["note"]
    assert one.http.post("/act", data=kept).status_code == 303
    assert acts == [form["note"]]


def value(page: str, name: str) -> str:
    return unescape(page.partition(f'name="{name}" value="')[2].partition('"')[0])


def test_hostile_text_is_shown_as_text(client, desk):
    """Hostile names, ids and messages come out escaped on every page that shows them."""
    root = client("administrator", "auditor", name=f"root{HOSTILE[:40]}"[:80].replace("\u202e", ""))
    root.submit("/act", note=HOSTILE)
    root.http.cookies.set("desk_message", "not%20base64")
    for path in (
        "/account",
        "/accounts",
        "/audit-log?subject=" + HOSTILE,
        "/nights",
        "/no" + HOSTILE,
    ):
        text = root.get(path).text
        assert "<script>alert" not in text and "<img src=x" not in text
        assert "80780754611" not in text  # a template would have worked it out


@pytest.mark.parametrize("entity", ["a/b", "..", ".", "~x", "雪🏮", "a b+c=d&e?f#g", "%2F", "a\\b"])
def test_ids_survive_addresses(client, entity):
    """An id in a path comes back as it was, whatever characters it has."""
    assert client().get(url("echo", entity)).text == entity


def test_headers_keep_scripts_and_frames_out(client, visitor):
    """Every answer forbids inline scripts, frames and sniffing; pages are not stored."""
    for answer in (client().get("/"), visitor.get("/login"), visitor.get("/no-such-page")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "<script>" not in answer.text and " style=" not in answer.text


def test_foreign_host_names_and_methods_are_refused(client):
    """A host name that is not the desk's is refused (DNS rebinding), and so is another method."""
    one = client()
    assert one.get("/", headers={"host": "evil.example"}).status_code == 400
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert one.http.request(method, "/").status_code == 405


def test_bodies_are_limited(client):
    """Large bodies, bodies that are no form, and broken forms are refused before any work."""
    one = client()
    fields = one.fields("/account")
    assert one.http.post("/act", data=fields | {"note": "x" * (1 << 20)}).status_code == 413
    assert one.http.post("/act", content=b"{}").status_code == 415
    broken = {"content-type": "multipart/form-data; boundary=x"}
    cut = one.http.post("/act", content=b"--x\r\nbroken", headers=broken)
    assert cut.status_code in (400, 403)
    many = "&".join(f"a{i}=1" for i in range(6_000))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert one.http.post("/act", content=many, headers=kind).status_code == 400
    assert acts == []


def test_pages_without_permission_are_listed(application):
    """Every endpoint needs a permission, but for those of the login and of the public."""
    public = {"/login", "/login/provider", "/logout", "/setup", "/preferences"}
    public |= {"/echo/{id:segment}", "/credit"}
    open_paths = {
        r.path
        for r in application.routes
        if isinstance(r, Route) and not hasattr(r.endpoint, "permission")
    }
    assert {p for p in open_paths if not p.startswith("/notice/")} <= public
