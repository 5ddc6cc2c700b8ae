"""The protocol of a login at an identity provider: authorisation code with PKCE. ADR-0313."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from data_contracts.errors import SteelyardError
from serving.desk.accounts.logins.provider_settings import ProviderSettings, is_safe_url

TIMEOUT_SECONDS = 5.0
CLOCK_LEEWAY_SECONDS = 60
SIGNATURES = ["RS256", "PS256", "ES256", "EdDSA"]
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SCOPE = "openid profile"


class ProviderFailed(SteelyardError):
    """The provider does not answer, or what it answers cannot be trusted."""

    exit_code = 25


@dataclass(frozen=True)
class Challenge:
    """The secrets of a login that is under way; `url` is where the browser is sent."""

    state: str
    nonce: str
    verifier: str
    url: str


@dataclass(frozen=True)
class Identity:
    """A user as the provider vouches for it."""

    issuer: str
    subject: str
    name: str
    roles: list[str]


def begin(settings: ProviderSettings, redirect_uri: str) -> Challenge:
    """Begin a login. Raises ProviderFailed."""
    state, nonce, verifier = (secrets.token_urlsafe(n) for n in (32, 32, 48))
    try:
        endpoint = _discover(settings)["authorization_endpoint"]
        with _client(settings, redirect_uri) as client:
            url, _ = client.create_authorization_url(
                endpoint, state=state, code_verifier=verifier, nonce=nonce
            )
    except (httpx.HTTPError, AuthlibBaseError, KeyError, ValueError, TypeError, OSError) as error:
        raise ProviderFailed(f"{settings.name} does not answer: {type(error).__name__}") from error
    return Challenge(state, nonce, verifier, url)


def finish(
    settings: ProviderSettings, redirect_uri: str, code: str, secrets_of: Challenge, now: datetime
) -> Identity:
    """The user of an authorisation code. Raises ProviderFailed."""
    try:
        document = _discover(settings)
        with _client(settings, redirect_uri) as client:
            token = client.fetch_token(
                document["token_endpoint"], code=code, code_verifier=secrets_of.verifier
            )
        with httpx.Client(timeout=TIMEOUT_SECONDS) as web:
            keys = KeySet.import_key_set(web.get(document["jwks_uri"]).raise_for_status().json())
        decoded = jwt.decode(token["id_token"], keys, algorithms=SIGNATURES)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": settings.issuer},
                "aud": {"essential": True, "value": settings.client_id},
            },
            {
                "nonce": secrets_of.nonce,
                "client_id": settings.client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=CLOCK_LEEWAY_SECONDS)
        return _identity(settings, claims)
    except (
        httpx.HTTPError,
        AuthlibBaseError,
        JoseError,
        KeyError,
        ValueError,
        TypeError,
        OSError,
    ) as error:
        raise ProviderFailed(
            f"{settings.name} did not vouch for the user: {type(error).__name__}"
        ) from error


def _identity(settings: ProviderSettings, claims: Mapping[str, Any]) -> Identity:
    groups = claims.get(settings.roles_claim, [])
    name = claims.get(settings.name_claim) or claims["sub"]
    return Identity(
        settings.issuer,
        str(claims["sub"]),
        str(name),
        settings.roles_of(groups if isinstance(groups, list) else [groups]),
    )


def _discover(settings: ProviderSettings) -> dict[str, str]:
    """The discovery document. Raises ValueError where it is not of this issuer, or not safe."""
    address = settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
    with httpx.Client(timeout=TIMEOUT_SECONDS) as web:
        document = web.get(address).raise_for_status().json()
    if document["issuer"] != settings.issuer:
        raise ValueError("the discovery document is of another issuer")
    if not all(is_safe_url(document[name]) for name in ENDPOINTS):
        raise ValueError("an endpoint of the provider is not reached by TLS")
    return document


def _client(settings: ProviderSettings, redirect_uri: str) -> OAuth2Client:
    return OAuth2Client(
        client_id=settings.client_id,
        client_secret=settings.client_secret(),
        redirect_uri=redirect_uri,
        scope=SCOPE,
        code_challenge_method="S256",
        timeout=TIMEOUT_SECONDS,
    )
