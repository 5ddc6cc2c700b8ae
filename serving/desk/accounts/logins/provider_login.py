"""Login at an identity provider: the account of a user, by issuer and subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from serving.desk.accounts.audit_log import write_audit
from serving.desk.accounts.directory import (
    AccountRefused,
    NewAccount,
    account_of_row,
    add_account,
)
from serving.desk.accounts.logins import provider
from serving.desk.accounts.logins.password_login import Browser, Opened
from serving.desk.accounts.logins.provider import Challenge, Identity
from serving.desk.accounts.logins.provider_settings import ProviderSettings
from serving.desk.accounts.logins.server_key import server_secret
from serving.desk.accounts.logins.sessions import open_login
from serving.desk.accounts.personal_keys import make_key, unwrap_key, wrap_key
from serving.desk.accounts.tokens import token_digest
from serving.desk.desk import Desk
from serving.desk.store.tables.accounts import AccountRow
from serving.desk.store.tables.logins import ProviderLoginRow

LOGIN_MINUTES = 10  # a login at the provider may take so long


@dataclass(frozen=True)
class Returned:
    """The answer of the provider, and the page that the user wanted."""

    opened: Opened
    next_url: str
    unsent_form: str


def begin_provider_login(
    desk: Desk, settings: ProviderSettings, redirect_uri: str, next_url: str, unsent_form: str
) -> Challenge:
    """Begin a login, and keep its secrets until the browser returns. Raises ProviderFailed."""
    challenge = provider.begin(settings, redirect_uri)
    now = desk.clock()
    with desk.database.transaction() as session:
        session.execute(delete(ProviderLoginRow).where(ProviderLoginRow.expires_at <= now))
        session.add(
            ProviderLoginRow(
                state_digest=token_digest(challenge.state),
                nonce=challenge.nonce,
                verifier=challenge.verifier,
                next_url=next_url,
                unsent_form=unsent_form,
                expires_at=now + timedelta(minutes=LOGIN_MINUTES),
            )
        )
    return challenge


def finish_provider_login(
    desk: Desk,
    settings: ProviderSettings,
    redirect_uri: str,
    *,
    state: str,
    code: str,
    browser: Browser,
) -> Returned:
    """Log in the user of an authorisation code; a state counts once.

    Raises
    ------
    AccountRefused
        The login is not known, the account is disabled, or it has no role.
    ProviderFailed
        The provider does not vouch for the user.
    """
    now = desk.clock()
    with desk.database.transaction() as session:
        row = session.get(ProviderLoginRow, token_digest(state))
        if row is None or now >= row.expires_at:
            raise AccountRefused("login.provider_over", "this login is over or was used")
        session.delete(row)
    secrets_of = Challenge(state, row.nonce, row.verifier, "")
    identity = provider.finish(settings, redirect_uri, code, secrets_of, now)
    secret = server_secret(desk.lake)
    with desk.database.transaction() as session:
        account = _account_of(session, desk, identity, secret, browser.language)
        token, login_id = open_login(session, account.id, browser.name, now)
        made = account_of_row(account)
        write_audit(session, made, "login", login_id, now)
    key = unwrap_key(account.wrapped_key, secret) if account.wrapped_key else None
    return Returned(Opened(token, login_id, made, key), row.next_url, row.unsent_form)


def _account_of(
    session: Session, desk: Desk, identity: Identity, secret: bytes, language: str
) -> AccountRow:
    """The account of an identity, made at its first login; roles are the provider's of today."""
    row = session.scalar(
        select(AccountRow).where(
            AccountRow.issuer == identity.issuer, AccountRow.subject == identity.subject
        )
    )
    if not identity.roles:
        raise AccountRefused("login.no_role", "the provider gives this user no role of the desk")
    if row is None:
        new = NewAccount(
            identity.name,
            identity.roles,
            language,
            issuer=identity.issuer,
            subject=identity.subject,
        )
        row = add_account(session, new, desk.clock())
        key = make_key()
        row.public_key, row.wrapped_key = key.public.raw, wrap_key(key, secret)
        write_audit(session, account_of_row(row), "account_added", row.name, desk.clock())
    if row.disabled_at is not None:
        raise AccountRefused("login.failed", "the account is disabled")
    row.roles = identity.roles
    return row
