"""Login by an identity provider: the way there and back."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.accounts.directory import AccountRefused
from serving.desk.accounts.logins.provider import ProviderFailed
from serving.desk.accounts.logins.provider_login import (
    begin_provider_login,
    finish_provider_login,
)
from serving.desk.web import cookies
from serving.desk.web.addresses import local_url
from serving.desk.web.administration.login import begin_login, browser_of
from serving.desk.web.page import not_found, render
from serving.desk.web.unsent_form import UnsentForm

COOKIE_SECONDS = 600


def begin(request: Request) -> Response:
    """Send the browser to the provider, with a page: a form may not lead to another site."""
    form, state = request.state.form, request.state
    settings = state.settings.provider
    if settings is None:
        return not_found(request)
    next_url = local_url(str(form.get("next", "/")))
    unsent = UnsentForm.parse(str(form.get("unsent", "")))
    try:
        challenge = begin_provider_login(
            state.desk,
            settings,
            state.settings.provider_return_url,
            next_url,
            unsent.as_text() if unsent else "",
        )
    except ProviderFailed:
        return render(request, "refused.html.j2", 502, reason="login.provider_failed")
    response = render(request, "onward.html.j2", target=challenge.url, title="login.to_provider")
    cookies.set_cookie(
        request, response, cookies.PROVIDER, challenge.state, COOKIE_SECONDS, same_site="lax"
    )
    return response


def finish(request: Request) -> Response:
    """Log in the user who comes back; the page leads on, for the cookie is of this site alone."""
    state, asked = request.state, request.query_params
    settings = state.settings.provider
    if settings is None:
        return not_found(request)
    given = asked.get("state", "")
    kept = cookies.get_cookie(request, cookies.PROVIDER) or ""
    if not given or not hmac.compare_digest(given.encode(), kept.encode()):
        return render(request, "refused.html.j2", 403, reason="login.provider_over")
    try:
        returned = finish_provider_login(
            state.desk,
            settings,
            state.settings.provider_return_url,
            state=given,
            code=asked.get("code", ""),
            browser=browser_of(request),
        )
    except AccountRefused as refused:
        return render(request, "refused.html.j2", 403, reason=refused.key)
    except ProviderFailed:
        return render(request, "refused.html.j2", 502, reason="login.provider_failed")
    unsent = UnsentForm.parse(returned.unsent_form)
    response = begin_login(request, returned.opened, returned.next_url, unsent)
    if unsent is None:
        page = render(request, "onward.html.j2", target=returned.next_url, title="login.title")
        for cookie in response.headers.getlist("set-cookie"):
            page.headers.append("set-cookie", cookie)
        response = page
    cookies.drop_cookie(request, response, cookies.PROVIDER)
    return response


ROUTES = (
    Route("/login/provider", begin, methods=["POST"]),
    Route("/login/provider/return", finish),
)
