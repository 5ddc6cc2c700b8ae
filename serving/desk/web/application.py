"""The web application of a desk: its routes behind the guard."""

from __future__ import annotations

from importlib import resources

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from serving.desk.accounts.personal_keys import KeyRing
from serving.desk.desk import Desk
from serving.desk.web.administration import account, accounts, audit_log, login, nights
from serving.desk.web.case_routes import case_page, decisions, kept_lists, queue
from serving.desk.web.inbox import appeals, complaints, notice_links, public, webhooks
from serving.desk.web.laboratory import drafts, publication
from serving.desk.web.page import not_found
from serving.desk.web.request_state import Site
from serving.desk.web.routes import operators, rings, sessions
from serving.desk.web.security import Guard
from serving.desk.web.settings import WebSettings

# Areas of the desk; the first route that matches a path answers it.
ROUTES: tuple[BaseRoute, ...] = (
    *login.ROUTES,
    *account.ROUTES,
    *accounts.ROUTES,
    *audit_log.ROUTES,
    *nights.ROUTES,
    *queue.ROUTES,
    *case_page.ROUTES,
    *decisions.ROUTES,
    *kept_lists.ROUTES,
    *operators.ROUTES,
    *sessions.ROUTES,
    *rings.ROUTES,
    *drafts.ROUTES,
    *publication.ROUTES,
    *notice_links.ROUTES,
    *appeals.ROUTES,
    *complaints.ROUTES,
    *webhooks.ROUTES,
    *public.ROUTES,
)


def desk_application(desk: Desk, settings: WebSettings | None = None) -> Starlette:
    """The application that serves a desk."""
    site = Site(desk, settings or WebSettings(), KeyRing())
    provider_routes: tuple[BaseRoute, ...] = ()
    if site.settings.provider is not None:  # its libraries are an extra
        from serving.desk.web.administration import provider_login

        provider_routes = provider_login.ROUTES
    static = StaticFiles(directory=str(resources.files("serving.pages") / "static"))
    return Starlette(
        routes=[*provider_routes, *ROUTES, Mount("/static", static)],
        middleware=[Middleware(Guard, site=site)],
        exception_handlers={404: _no_page, 405: _no_page},
    )


def _no_page(request: Request, _error: Exception) -> Response:
    return not_found(request)
