"""The account of the user: its logins, its password, and its personal key."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.accounts.directory import AccountRefused
from serving.desk.accounts.logins.password_login import change_password, open_key
from serving.desk.accounts.logins.sessions import list_logins, revoke_login
from serving.desk.web.addresses import local_url, url
from serving.desk.web.administration.login import browser_of
from serving.desk.web.page import needs, redirect, render


@needs("account.own")
def own_account(request: Request) -> Response:
    """The page of the own account."""
    return _page(request, 200)


@needs("account.own")
def end_one_login(request: Request) -> Response:
    """End another login of the own account."""
    state, login_id = request.state, request.path_params["id"]
    with state.desk.database.transaction() as session:
        revoke_login(session, state.account.id, login_id, state.desk.clock())
    state.keys.drop(login_id)
    return redirect(request, url("account"), "account.login_ended")


@needs("account.own")
def new_password(request: Request) -> Response:
    """Change the own password."""
    form, state = request.state.form, request.state
    new = str(form.get("new_password", ""))
    if new != str(form.get("new_password_again", "")):
        return _page(request, 400, "account.passwords_differ")
    old = str(form.get("old_password", ""))
    try:
        change_password(state.desk, state.account.id, old, new, state.login.id)
    except AccountRefused as refused:
        return _page(request, 400, refused.key)
    return redirect(request, url("account"), "account.password_changed")


@needs("account.own")
def unlock_form(request: Request) -> Response:
    """The page that opens the personal key again after the server was restarted."""
    return _unlock_page(request, 200, request.query_params.get("next"))


@needs("account.own")
def unlock(request: Request) -> Response:
    """Open the personal key with the password."""
    form, state = request.state.form, request.state
    next_url = str(form.get("next", "/"))
    browser = browser_of(request)
    try:
        key = open_key(state.desk, state.account, str(form.get("password", "")), browser)
    except AccountRefused as refused:
        return _unlock_page(request, 403, next_url, refused.key)
    state.keys.put(state.login.id, key)
    return redirect(request, local_url(next_url), "account.key_open")


def _unlock_page(request: Request, status: int, next_url: str | None, fault: str = "") -> Response:
    values = {"next_url": local_url(next_url), "fault": fault}
    return render(request, "unlock.html.j2", status, **values)


def _page(request: Request, status: int, fault: str = "") -> Response:
    state = request.state
    with state.desk.database.snapshot() as session:
        logins = list_logins(session, state.account.id, state.desk.clock())
    return render(request, "account.html.j2", status, logins=logins, login=state.login, fault=fault)


ROUTES = (
    Route("/account", own_account),
    Route("/account/logins/{id:segment}/end", end_one_login, methods=["POST"]),
    Route("/unlock", unlock_form),
    Route("/unlock", unlock, methods=["POST"]),
    Route("/account/password", new_password, methods=["POST"]),
)
