"""Login, logout, the one-time links, and what a browser prefers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.accounts.audit_log import write_audit
from serving.desk.accounts.directory import LANGUAGES, THEMES, AccountRefused
from serving.desk.accounts.logins import invitations
from serving.desk.accounts.logins.password_login import Browser, Opened, accept_invitation, log_in
from serving.desk.accounts.logins.sessions import revoke_login
from serving.desk.store.tables.accounts import AccountRow
from serving.desk.web import cookies
from serving.desk.web.addresses import local_url, url
from serving.desk.web.page import redirect, render
from serving.desk.web.unsent_form import UnsentForm, login_page, resume_page


def login_form(request: Request) -> Response:
    """The login page."""
    if request.state.account is not None:
        return redirect(request, local_url(request.query_params.get("next")))
    return login_page(request, None, request.query_params.get("next", "/"))


def login(request: Request) -> Response:
    """Log in by a password."""
    form = request.state.form
    name, password = str(form.get("name", "")), str(form.get("password", ""))
    next_url = local_url(str(form.get("next", "/")))
    unsent = UnsentForm.parse(str(form.get("unsent", "")))
    try:
        opened = log_in(request.state.desk, name, password, browser_of(request))
    except AccountRefused as refused:
        status = 429 if refused.key == "login.too_often" else 403
        return login_page(
            request, unsent, next_url, fault=refused.key, name=name, status=str(status)
        )
    return begin_login(request, opened, next_url, unsent)


def begin_login(
    request: Request, opened: Opened, next_url: str, unsent: UnsentForm | None
) -> Response:
    """Give the browser the cookie of a new login; an earlier login of it ends."""
    state = request.state
    end_login(request)
    if opened.key is not None:
        state.keys.put(opened.login_id, opened.key)
    if unsent is None:
        response = redirect(request, next_url)
    else:  # the form is shown with the token of the new login
        state.token, state.account = opened.token, opened.account
        state.language = opened.account.language
        response = resume_page(request, unsent, 200)
    cookies.set_cookie(request, response, cookies.LOGIN, opened.token)
    cookies.drop_cookie(request, response, cookies.VISIT)
    for name, value in (
        (cookies.LANGUAGE, opened.account.language),
        (cookies.THEME, opened.account.theme),
    ):
        cookies.set_cookie(request, response, name, value, cookies.PREFERENCE_SECONDS)
    return response


def end_login(request: Request) -> None:
    """End the login of a browser, and forget its personal key."""
    state = request.state
    if state.login is not None:
        now = state.desk.clock()
        with state.desk.database.transaction() as session:
            revoke_login(session, state.account.id, state.login.id, now)
            write_audit(session, state.account, "logout", state.login.id, now)
        state.keys.drop(state.login.id)


def logout(request: Request) -> Response:
    """Log out."""
    end_login(request)
    response = redirect(request, url("login"), "login.logged_out")
    cookies.drop_cookie(request, response, cookies.LOGIN)
    return response


def setup_form(request: Request) -> Response:
    """The page of a one-time link."""
    return _setup_page(request, request.query_params.get("token", ""), 200)


def setup(request: Request) -> Response:
    """Make the first account, or set the password of an account."""
    form = request.state.form
    token, name = str(form.get("token", "")), str(form.get("name", ""))
    password = str(form.get("password", ""))
    if password != str(form.get("password_again", "")):
        return _setup_page(request, token, 400, fault="account.passwords_differ", name=name)
    try:
        language = request.state.language
        accept_invitation(request.state.desk, token, name, password, language=language)
    except AccountRefused as refused:
        return _setup_page(request, token, 400, fault=refused.key, name=name)
    return redirect(request, url("login"), "login.password_set")


def _setup_page(request: Request, token: str, status: int, **values: str) -> Response:
    desk = request.state.desk
    with desk.database.snapshot() as session:
        row = invitations.invitation_of(session, token, desk.clock())
        if row is None:
            return render(request, "refused.html.j2", 410, reason="login.link_over")
        is_first = row.account_id is None
        name = "" if is_first else session.get_one(AccountRow, row.account_id).name
    return render(
        request,
        "setup.html.j2",
        status,
        token=token,
        is_first=is_first,
        name=values.get("name") or name,
        fault=values.get("fault", ""),
    )


def preferences(request: Request) -> Response:
    """Choose a language or a theme, for the account and for this browser."""
    form, state = request.state.form, request.state
    response = redirect(request, local_url(str(form.get("next", "/"))))
    for name, known in ((cookies.LANGUAGE, LANGUAGES), (cookies.THEME, THEMES)):
        value = form.get(name)
        if value not in known:
            continue
        cookies.set_cookie(request, response, name, value, cookies.PREFERENCE_SECONDS)
        if state.account is not None:
            with state.desk.database.transaction() as session:
                setattr(session.get_one(AccountRow, state.account.id), name, value)
    return response


def browser_of(request: Request) -> Browser:
    """The browser of a request."""
    address = request.client.host if request.client else "-"
    return Browser(address, request.headers.get("user-agent", "-"), request.state.language)


ROUTES = (
    Route("/login", login_form),
    Route("/login", login, methods=["POST"]),
    Route("/logout", logout, methods=["POST"]),
    Route("/setup", setup_form),
    Route("/setup", setup, methods=["POST"]),
    Route("/preferences", preferences, methods=["POST"]),
)
