"""Management of accounts: invited, given roles, admitted as persons, disabled."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.accounts import directory
from serving.desk.accounts.audit_log import write_audit
from serving.desk.accounts.directory import AccountRefused, NewAccount
from serving.desk.accounts.logins import invitations
from serving.desk.accounts.permissions import ROLES
from serving.desk.accounts.persons import admit_account, person_state
from serving.desk.store.tables.accounts import AccountRow
from serving.desk.web.addresses import url
from serving.desk.web.page import needs, not_found, redirect, render
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.roster import read_roster


@needs("accounts.manage")
def accounts(request: Request) -> Response:
    """The list of accounts."""
    return _page(request, 200)


@needs("accounts.manage")
def add(request: Request) -> Response:
    """Add an account, and show the link by which its user sets a password."""
    form, desk = request.state.form, request.state.desk
    roles = [str(r) for r in form.getlist("role")]
    new = NewAccount(str(form.get("name", "")), roles)
    try:
        with desk.database.transaction() as session:
            row = directory.add_account(session, new, desk.clock())
            token = invitations.invite(session, row.id, desk.clock())
            write_audit(session, request.state.account, "account_added", row.name, desk.clock())
    except AccountRefused as refused:
        return _page(request, 400, fault=refused.key, name=new.name, chosen=roles)
    return _link_page(request, row.name, token)


@needs("accounts.manage")
def invite(request: Request) -> Response:
    """Show another link by which the user of an account sets a password."""
    desk = request.state.desk
    with desk.database.transaction() as session:
        row = session.get(AccountRow, request.path_params["id"])
        if row is None:
            return not_found(request)
        token = invitations.invite(session, row.id, desk.clock())
        write_audit(session, request.state.account, "account_invited", row.name, desk.clock())
    return _link_page(request, row.name, token)


@needs("accounts.manage")
def change(request: Request) -> Response:
    """Give an account other roles, disable it, or let it log in again."""
    form, desk = request.state.form, request.state.desk
    now, act = desk.clock(), str(form.get("act", ""))
    try:
        with desk.database.transaction() as session:
            row = session.get(AccountRow, request.path_params["id"])
            if row is None:
                return not_found(request)
            if act == "disable":
                directory.disable(session, row, now)
            elif act == "enable":
                directory.enable(row)
            else:
                directory.change_roles(session, row, [str(r) for r in form.getlist("role")])
            kind = {"disable": "account_disabled", "enable": "account_enabled"}
            kept = kind.get(act, "account_roles")
            write_audit(session, request.state.account, kept, row.name, now)
    except AccountRefused as refused:
        return _page(request, 400, fault=refused.key)
    return redirect(request, url("accounts"), "accounts.changed", name=row.name)


@needs("accounts.manage")
def admit(request: Request) -> Response:
    """Admit the person of an account, signed by the administrator who is logged in."""
    state = request.state
    with state.desk.database.snapshot() as session:
        row = session.get(AccountRow, request.path_params["id"])
    if row is None:
        return not_found(request)
    if state.signer is None:
        return redirect(request, url("unlock", next="/accounts"), "account.key_closed")
    try:
        admit_account(state.desk, row, state.signer)
    except NotAuthenticated:
        return _page(request, 403, fault="accounts.may_not_admit")
    with state.desk.database.transaction() as session:
        write_audit(session, state.account, "person_admitted", row.name, state.desk.clock())
    return redirect(request, url("accounts"), "accounts.person_admitted", name=row.name)


def _page(
    request: Request,
    status: int,
    fault: str = "",
    name: str = "",
    chosen: list[str] | None = None,
) -> Response:
    desk = request.state.desk
    roster = read_roster(desk.lake)
    with desk.database.snapshot() as session:
        rows = directory.list_accounts(session)
    return render(
        request,
        "accounts.html.j2",
        status,
        rows=[(row, str(person_state(row, roster))) for row in rows],
        roles=ROLES,
        fault=fault,
        name=name,
        chosen=chosen or [],
    )


def _link_page(request: Request, name: str, token: str) -> Response:
    """The page that shows a one-time link; it is not stored."""
    request.state.answer_is_secret = True
    base = request.state.settings.public_url.rstrip("/")
    link = base + url("setup", token=token)
    return render(request, "account_link.html.j2", name=name, link=link)


ROUTES = (
    Route("/accounts", accounts),
    Route("/accounts", add, methods=["POST"]),
    Route("/accounts/{id:segment}/invite", invite, methods=["POST"]),
    Route("/accounts/{id:segment}/change", change, methods=["POST"]),
    Route("/accounts/{id:segment}/admit", admit, methods=["POST"]),
)
