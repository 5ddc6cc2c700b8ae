"""The audit log: who read which evidence, and what happened to accounts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.accounts.audit_log import AuditFilter, read_audit
from serving.desk.web.page import needs, render
from serving.pages.text_catalogue import texts


@needs("audit.read")
def audit_log(request: Request) -> Response:
    """A page of the audit log, newest first, by account, kind or what was read."""
    asked = request.query_params
    page = asked.get("page", "1")
    wanted = AuditFilter(
        account_name=asked.get("account", "").strip(),
        kind=asked.get("kind", "").strip(),
        subject=asked.get("subject", "").strip(),
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
    )
    with request.state.desk.database.snapshot() as session:
        found = read_audit(session, wanted)
    kinds = sorted(
        k.partition(".")[2].removeprefix("kind_")
        for k in texts()
        if k.startswith("audit_log.kind_")
    )
    return render(
        request, "audit_log.html.j2", found=found, wanted=wanted, kinds=kinds, known=texts()
    )


ROUTES = (Route("/audit-log", audit_log),)
