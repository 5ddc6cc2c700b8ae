"""Renders pages; what endpoints use of the desk's web side."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import cache, partial, wraps
from importlib import resources
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.desk.accounts.audit_log import write_audit
from serving.desk.accounts.permissions import is_permitted
from serving.desk.web import cookies
from serving.desk.web.addresses import local_url, url
from serving.pages import text_catalogue
from serving.pages.page_environment import page_environment

Endpoint = Callable[[Request], Response]
NAVIGATION = (  # path, key of its text, permission; shown where the page exists
    ("/", "navigation.queue", "queue.read"),
    ("/operators", "navigation.operators", "evidence.read"),
    ("/rings", "navigation.rings", "evidence.read"),
    ("/search", "navigation.search", "evidence.read"),
    ("/nights", "navigation.nights", "nights.read"),
    ("/appeals", "navigation.appeals", "appeals.read"),
    ("/complaints", "navigation.complaints", "appeals.read"),
    ("/approvals", "navigation.approvals", "cases.work"),
    ("/watchlists", "navigation.watchlists", "queue.read"),
    ("/mentions", "navigation.mentions", "cases.work"),
    ("/assignment", "navigation.assignment", "cases.work"),
    ("/quality", "navigation.quality", "quality.read"),
    ("/laboratory", "navigation.laboratory", "laboratory.read"),
    ("/webhooks", "navigation.webhooks", "webhooks.manage"),
    ("/audit-log", "navigation.audit_log", "audit.read"),
    ("/accounts", "navigation.accounts", "accounts.manage"),
)


def render(request: Request, template: str, status_code: int = 200, **values: Any) -> Response:
    """A page from a template of `serving/pages/templates/`.

    Templates get `values` and: `t(key, **values)`, `account`, `language`, `form_fields()`, `url()`,
    `may(permission)`, `message`, and the filters number, percent, day and moment.
    """
    state = request.state
    language = state.language
    packed = cookies.get_cookie(request, cookies.MESSAGE)
    message = _message(language, packed)
    body = (
        _environment(language)
        .get_template(template)
        .render(
            {
                "account": state.account,
                "signer": state.signer,
                "theme": state.theme,
                "form_fields": partial(form_fields, request),
                "url": url,
                "may": partial(may, request),
                "message": message,
                "navigation": _navigation(request),
                "path": request.url.path,
                "here": local_url(_here(request)),
            }
            | values
        )
    )
    response = HTMLResponse(body, status_code)
    if packed is not None:
        cookies.drop_cookie(request, response, cookies.MESSAGE)
    return response


def redirect(request: Request, url: str, message: str = "", **message_values: Any) -> Response:
    """Send the browser to a page of the desk, where a message is shown once."""
    response = RedirectResponse(local_url(url), 303)
    if message:
        packed = cookies.pack_message(message, message_values)
        cookies.set_cookie(request, response, cookies.MESSAGE, packed)
    return response


def needs(permission: str) -> Callable[[Endpoint], Endpoint]:
    """Decorate an endpoint that needs a permission: without it, login or a page that says so."""

    def decorate(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        def checked(request: Request) -> Response:
            if request.state.account is None:
                return redirect(request, url("login", next=_here(request)))
            if not may(request, permission):
                return render(request, "forbidden.html.j2", 403)
            return endpoint(request)

        checked.permission = permission  # type: ignore[attr-defined]
        return checked

    return decorate


def may(request: Request, permission: str) -> bool:
    """Whether the account of a request has a permission."""
    account = request.state.account
    return account is not None and is_permitted(account.roles, permission)


def audited(request: Request, kind: str, id: str) -> None:  # noqa: A002  as the other rooms call it
    """Write into the audit log that the account of a request read some evidence."""
    desk = request.state.desk
    with desk.database.transaction() as session:
        write_audit(session, request.state.account, kind, id, desk.clock())


def translate(request: Request, key: str, **values: Any) -> str:
    """A text in the language of a request."""
    return text_catalogue.text(request.state.language, key, **values)


def not_found(request: Request) -> Response:
    """The page that says that there is no such thing."""
    return render(request, "not_found.html.j2", 404)


def csrf_token(request: Request) -> str:
    """The token that forms of this browser carry; another login has another."""
    secret = request.state.token or request.state.visit
    return hmac.new(secret.encode(), b"steelyard desk form", hashlib.sha256).hexdigest()


def form_fields(request: Request) -> Markup:
    """Hidden fields that every form carries: the token of the browser, and the key of the form."""
    request.state.has_form = True
    return Markup(
        '<input type="hidden" name="csrf" value="{}"><input type="hidden" name="once" value="{}">'
    ).format(csrf_token(request), secrets.token_urlsafe(16))


def _here(request: Request) -> str:
    """Path and query of a page that can be asked for again; the first page otherwise."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    path = quote(request.scope["path"], safe="/%~")
    return f"{path}?{request.url.query}" if request.url.query else path


def _message(language: str, packed: str | None) -> str:
    """The message of a cookie in words; empty where there is none."""
    unpacked = cookies.unpack_message(packed)
    if unpacked is None or unpacked[0] not in text_catalogue.texts():
        return ""
    try:
        return text_catalogue.text(language, unpacked[0], **unpacked[1])
    except (KeyError, IndexError, ValueError):
        return ""


def _navigation(request: Request) -> list[tuple[str, str]]:
    """Pages that the account may read, and that exist: path and key of the text."""
    existing = {getattr(route, "path", None) for route in request.app.routes}
    return [(p, key) for p, key, need in NAVIGATION if p in existing and may(request, need)]


@cache
def static_version(name: str) -> str:
    """Start of the digest of a static file, so that browsers fetch what changed."""
    body = (resources.files("serving.pages") / "static" / name).read_bytes()
    return hashlib.sha256(body).hexdigest()[:12]


@cache
def _environment(language: str) -> jinja2.Environment:
    """The templates of a language, with addresses of static files."""
    environment = page_environment(language)
    environment.globals["static"] = lambda name: f"/static/{name}?v={static_version(name)}"
    return environment
