"""Answers to acts on cases: a refusal says in clear words why, and keeps what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.desk.accounts.directory import list_accounts
from serving.desk.accounts.permissions import is_permitted
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.claims import Chosen
from serving.desk.web.addresses import url
from serving.desk.web.page import needs, render
from serving.oversight.measures.measure_requests import BadMeasure
from serving.oversight.measures.undo import BadUndo
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.signers import Author
from serving.pages.text_catalogue import CHINA_STANDARD_TIME, moment, text

Endpoint = Callable[[Request], Response]
WRITTEN_FIELDS = ("text", "basis", "reason", "beyond_range", "label")  # fields that a person wrote
END_OF_DAY = time(23, 59, 59)


def acting(permission: str) -> Callable[[Endpoint], Endpoint]:
    """Decorate an endpoint that acts: it needs a permission, and refuses in words (409)."""

    def decorate(endpoint: Endpoint) -> Endpoint:
        @needs(permission)
        @wraps(endpoint)
        def answered(request: Request) -> Response:
            try:
                return endpoint(request)
            except CaseRefused as refused:
                return refusal(request, refused.key, refused.values)
            except NotAuthenticated:
                is_locked = request.state.signer is None
                return refusal(request, f"cases.refused.{'locked' if is_locked else 'no_role'}")
            except BadMeasure:
                return refusal(request, "cases.refused.measure")
            except BadUndo:
                return refusal(request, "cases.refused.undo")

        return answered

    return decorate


def refusal(request: Request, key: str, values: Mapping[str, Any] | None = None) -> Response:
    """The page that says why an act was not done, with the words that the person wrote."""
    language = request.state.language
    named = {k: _in_words(language, k, v) for k, v in (values or {}).items()}
    form = request.state.form
    kept = [(k, str(form[k])) for k in WRITTEN_FIELDS if str(form.get(k) or "").strip()]
    case_id = request.path_params.get("case_id") or (values or {}).get("case")
    return render(
        request,
        "case_refused.html.j2",
        409,
        words=text(language, key, **named),
        kept=kept,
        back=url("cases", case_id) if case_id else "/",
        is_case=bool(case_id),
        is_locked=key.endswith(".locked"),
    )


def author_of(request: Request) -> Author:
    """The author of an act: the signer of the login, or its name where no key is open."""
    return request.state.signer or request.state.account.name


def once_of(request: Request) -> str:
    """The key of the form of a request, of this account alone."""
    return f"{request.state.account.id}:{request.state.form.get('once', '')}"


def chosen_of(
    request: Request, cases: Sequence[str], versions: Mapping[str, int] | None = None
) -> Chosen:
    """Cases that a request acts on."""
    return Chosen(cases, author_of(request), versions or {}, once_of(request))


def chosen_case(request: Request) -> Chosen:
    """The case of the path, in the version that the form shows."""
    case_id = request.path_params["case_id"]
    version = _whole(str(request.state.form.get("version", "")))
    return chosen_of(request, [case_id], {} if version is None else {case_id: version})


def field(request: Request, name: str) -> str:
    """A text of the form; empty where it is missing."""
    value = request.state.form.get(name, "")
    return value if isinstance(value, str) else ""


def number_field(request: Request, name: str) -> int:
    """A whole number of the form. Raises CaseRefused."""
    value = _whole(field(request, name))
    if value is None:
        raise CaseRefused("cases.refused.number")
    return value


def day_field(request: Request, name: str) -> datetime | None:
    """The end of a day of the form, in China, as naive UTC. Raises CaseRefused."""
    given = field(request, name)
    if not given:
        return None
    try:
        end = datetime.combine(datetime.strptime(given, "%Y-%m-%d").date(), END_OF_DAY)
        offset = CHINA_STANDARD_TIME.utcoffset(None) or timedelta()
        return end - offset
    except (ValueError, OverflowError) as error:
        raise CaseRefused("cases.refused.day") from error


def person_field(request: Request) -> str:
    """A person of the form who works on cases. Raises CaseRefused."""
    name = field(request, "to")
    if name not in workers(request):
        raise CaseRefused("cases.refused.no_person")
    return name


def workers(request: Request) -> list[str]:
    """Names of accounts that work on cases."""
    with request.state.desk.database.snapshot() as session:
        return [
            a.name
            for a in list_accounts(session)
            if a.disabled_at is None and is_permitted(a.roles, "cases.work")
        ]


def account_names(request: Request) -> list[str]:
    """Names of all accounts that may log in."""
    with request.state.desk.database.snapshot() as session:
        return [a.name for a in list_accounts(session) if a.disabled_at is None]


def _whole(text_of_number: str) -> int | None:
    given = text_of_number.strip()
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _in_words(language: str, name: str, value: Any) -> str:
    if isinstance(value, datetime):
        return moment(language, value)
    return text(language, f"cases.act_{value}") if name == "act" and value else str(value)
