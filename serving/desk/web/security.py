"""Checks before every endpoint: host, headers, login, forms, and acting once. ADR-0312."""

from __future__ import annotations

import asyncio
import traceback

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.desk.accounts.tokens import token_digest
from serving.desk.store import once
from serving.desk.web import cookies
from serving.desk.web.page import render, static_version
from serving.desk.web.posted_forms import (
    BodyRefused,
    comes_from_here,
    form_digest,
    has_token,
    read_form,
)
from serving.desk.web.request_state import Site, prepare
from serving.desk.web.unsent_form import UnsentForm, login_page, resume_page

METHODS = ("GET", "HEAD", "POST")
HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # a page without referrer sends forms without origin
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
NOT_ONCE = frozenset({"/login", "/logout", "/setup", "/unlock", "/login/provider"})
UNCACHED_STATUS = frozenset({401, 403, 409, 413, 429})
CACHED_FOR_A_YEAR = "public, max-age=31536000, immutable"  # of an address with the file's digest
WAIT_SECONDS, WAIT_STEP_SECONDS = 15.0, 0.05
log = structlog.get_logger("desk")


class Guard:
    """Middleware: prepares `request.state`, and lets a form act only when it may, and once."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        scope["path"] = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        request = Request(scope, receive)
        is_static = scope["path"].startswith("/static/")
        answer = _with_headers(request, send, is_static)
        if request.url.hostname not in self.site.settings.host_names:
            await PlainTextResponse("unknown host name\n", 400)(scope, receive, answer)
        elif request.method not in METHODS:
            await PlainTextResponse("method not allowed\n", 405)(scope, receive, answer)
        elif is_static:
            await self.app(scope, receive, answer)
        else:
            await run_in_threadpool(prepare, request, self.site)
            await self._answer(request, answer)

    async def _answer(self, request: Request, send: Send) -> None:
        """Answer a request whose state is known."""
        if request.method != "POST":
            await self._run(request, send)
            return
        try:
            form = await read_form(request)
        except BodyRefused as refused:
            page = await run_in_threadpool(
                render, request, "refused.html.j2", refused.status, reason="common.body_refused"
            )
            await page(request.scope, request.receive, send)
            return
        request.state.form = form
        refusal = await run_in_threadpool(_refusal, request, form)
        if refusal is not None:
            await refusal(request.scope, request.receive, send)
        elif request.scope["path"] in NOT_ONCE:
            await self._run(request, send)
        else:
            await self._act_once(request, form, send)

    async def _run(self, request: Request, send: Send) -> bool:
        """Run the endpoint; returns whether it answered without an error of the code."""
        has_started = False

        async def started(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(request.scope, request.receive, started)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{last.filename.rpartition('serving/')[2]}:{last.lineno}"
            log.error("request_failed", error=type(error).__name__, place=place)
            if not has_started:
                page = await run_in_threadpool(
                    render, request, "refused.html.j2", 500, reason="common.failed"
                )
                await page(request.scope, request.receive, send)
            return False
        return True

    async def _act_once(self, request: Request, form: FormData, send: Send) -> None:
        """Run the endpoint of a form once for each key; answer the same key as the first time."""
        desk, key = self.site.desk, form.get("once")
        if not isinstance(key, str) or once.KEY_FORM.fullmatch(key) is None:
            await self._refuse(request, send, 400, "common.no_key")
            return
        account = request.state.account
        owner = account.id if account else token_digest(request.state.visit)
        digest = form_digest(request, form)
        begun = await run_in_threadpool(once.begin, desk.database, owner, key, digest, desk.clock())
        waited = 0.0
        while begun.in_work and waited < WAIT_SECONDS:
            await asyncio.sleep(WAIT_STEP_SECONDS)
            waited += WAIT_STEP_SECONDS
            begun = await run_in_threadpool(
                once.begin, desk.database, owner, key, digest, desk.clock()
            )
        if begun.answer is not None:
            kept = begun.answer
            start = {"type": "http.response.start", "status": kept.status, "headers": kept.headers}
            await send(start)
            await send({"type": "http.response.body", "body": kept.body})
            return
        if not begun.may_act:
            reason = "common.in_work" if begun.in_work else "common.interrupted"
            await self._refuse(request, send, 409, "common.other_form" if begun.differs else reason)
            return
        await self._act(request, (owner, key), send)

    async def _act(self, request: Request, place: tuple[str, str], send: Send) -> None:
        """Run an endpoint, and keep its answer before it is sent."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        database = self.site.desk.database
        has_answered = await self._run(request, keep)
        start = messages[0]
        body = b"".join(m.get("body", b"") for m in messages[1:])
        if not has_answered or start["status"] in UNCACHED_STATUS:
            await run_in_threadpool(once.abandon, database, *place)
        else:
            kept = once.Answer(start["status"], list(start["headers"]), body)
            if request.state.answer_is_secret or len(body) > once.MAX_ANSWER_BYTES:
                kept = once.Answer(303, [(b"location", b"/"), (b"content-length", b"0")], b"")
            await run_in_threadpool(once.finish, database, *place, kept)
        for message in messages:
            await send(message)

    async def _refuse(self, request: Request, send: Send, status: int, reason: str) -> None:
        page = await run_in_threadpool(render, request, "refused.html.j2", status, reason=reason)
        await page(request.scope, request.receive, send)


def _refusal(request: Request, form: FormData) -> Response | None:
    """The page that answers a form which may not act; None for one that may."""
    if not comes_from_here(request):
        return render(request, "refused.html.j2", 403, reason="common.other_site")
    if has_token(request, form):
        return None
    path = request.scope["path"]
    if path in NOT_ONCE:
        return render(request, "refused.html.j2", 403, reason="common.stale_page")
    unsent = UnsentForm.of(path, form)
    if request.state.account is None and _needs_login(request):
        return login_page(request, unsent, "/")
    return resume_page(request, unsent, 403)


def _needs_login(request: Request) -> bool:
    """Whether the endpoint of a request needs a permission."""
    for route in request.app.routes:
        matched, found = route.matches(request.scope)
        if matched is Match.FULL:
            return hasattr(found.get("endpoint"), "permission")
    return False


def _with_headers(request: Request, send: Send, is_static: bool) -> Send:
    """A sender that adds the headers of the desk, and the cookie that forms of a visitor need."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if request.url.scheme == "https" or (
                not is_static
                and getattr(request.state, "settings", None) is not None
                and request.state.settings.is_secure
            ):
                headers["strict-transport-security"] = "max-age=31536000"
            if not is_static:
                headers["cache-control"] = "no-store"
                if getattr(request.state, "has_form", False) and request.state.visit_is_new:
                    carrier = Response()
                    cookies.set_cookie(request, carrier, cookies.VISIT, request.state.visit)
                    headers.append("set-cookie", carrier.headers["set-cookie"])
            elif message["status"] == 200:
                name, given = request.url.path.rpartition("/")[2], request.query_params.get("v")
                is_exact = given is not None and given == static_version(name)
                headers["cache-control"] = CACHED_FOR_A_YEAR if is_exact else "no-cache"
        await send(message)

    return sender
