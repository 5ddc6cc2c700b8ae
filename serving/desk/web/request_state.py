"""The state of a request before its endpoint runs: login, language, signer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request

from serving.desk.accounts.logins.sessions import Login, login_of
from serving.desk.accounts.personal_keys import KeyRing
from serving.desk.accounts.tokens import make_token
from serving.desk.desk import Desk
from serving.desk.web import cookies
from serving.desk.web.settings import WebSettings
from serving.oversight.people.signers import Signer
from serving.oversight.policies.policy_record import policy_in_force
from serving.pages.text_catalogue import LANGUAGES

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True)
class Site:
    """The state that all requests share: the desk, its address, and open personal keys."""

    desk: Desk
    settings: WebSettings
    keys: KeyRing


def prepare(request: Request, site: Site) -> None:
    """Fill `request.state` of a request.

    Endpoints read: `desk`, `account` (None before a login), `signer` (None without an open personal
    key), `form`, `language`, `theme`. The web side also reads `login`, `token`, `visit`, `keys`,
    `settings`.
    """
    state = request.state
    state.desk, state.settings, state.keys = desk_of_today(site.desk), site.settings, site.keys
    state.provider_name = site.settings.provider_name
    state.login = state.account = state.signer = None
    state.has_form = state.answer_is_secret = False
    state.form = FormData()
    visit = cookies.get_cookie(request, cookies.VISIT) or ""
    state.visit_is_new = not 20 <= len(visit) <= 100
    state.visit = make_token() if state.visit_is_new else visit
    state.token = cookies.get_cookie(request, cookies.LOGIN) or ""
    login = login_of(site.desk.database, state.token, site.desk.clock()) if state.token else None
    if login is None:
        state.token = ""
    else:
        state.login, state.account = login, login.account
        state.signer = open_signer(login, site.keys)
    state.language, state.theme = _language(request), _theme(request)


def desk_of_today(desk: Desk) -> Desk:
    """The desk with the policy that binds today: one may come into force while it is served."""
    if not desk.lake.policies.exists():
        return desk
    return replace(desk, policy=policy_in_force(desk.lake, desk.naive_now().date()))


def open_signer(login: Login, keys: KeyRing) -> Signer | None:
    """The signer of a login's acts; None while its personal key is not open."""
    key = keys.get(login.id)
    return Signer(login.account.name, key) if key is not None else None


def _language(request: Request) -> str:
    """The language of the account, of this browser, or of what the browser asks for."""
    account = request.state.account
    chosen: Any = account.language if account else cookies.get_cookie(request, cookies.LANGUAGE)
    if chosen in LANGUAGES:
        return str(chosen)
    asked = request.headers.get("accept-language", "").lower()
    first = next((part.strip()[:2] for part in asked.split(",") if part.strip()), "zh")
    return first if first in LANGUAGES else "en" if asked else "zh"


def _theme(request: Request) -> str:
    """Light, dark, or as the system of the user has it."""
    account = request.state.account
    chosen = account.theme if account else cookies.get_cookie(request, cookies.THEME)
    return chosen if chosen in THEMES else THEMES[0]
