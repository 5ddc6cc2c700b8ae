"""Settings of an identity provider: who it is, and which of its groups have which roles."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from data_contracts.errors import SteelyardError
from serving.desk.accounts.permissions import ROLES

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


class ProviderSettingsRefused(SteelyardError):
    """The file of an identity provider cannot be followed."""

    exit_code = 24


@dataclass(frozen=True)
class ProviderSettings:
    """An OpenID Connect provider.

    Parameters
    ----------
    issuer
        Its address, as its discovery document says it; https, or http on the loopback.
    client_id, client_secret_file
        What the desk is there; the secret lies in a file of its own.
    name
        What the login page calls it.
    name_claim, roles_claim
        Claims of the name, and of the groups, of a user.
    roles
        Group → roles of the desk. Other groups give none.
    """

    issuer: str
    client_id: str
    client_secret_file: Path
    name: str
    roles: Mapping[str, tuple[str, ...]]
    name_claim: str = "preferred_username"
    roles_claim: str = "groups"

    def roles_of(self, groups: Iterable[object]) -> list[str]:
        """Roles of the desk that groups give."""
        given = {role for g in groups for role in self.roles.get(str(g), ())}
        return [r for r in ROLES if r in given]

    def client_secret(self) -> str:
        """The secret of the client."""
        return self.client_secret_file.read_text("utf-8").strip()


def is_safe_url(address: str) -> bool:
    """Whether an address is reached by TLS, or lies on the loopback."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES)


def read_provider(path: Path) -> ProviderSettings:
    """The provider of a TOML file. Raises ProviderSettingsRefused."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ProviderSettingsRefused(f"{path}: {error}") from error
    known = {f.name for f in fields(ProviderSettings)}
    needed = {"issuer", "client_id", "client_secret_file", "name", "roles"}
    if not needed <= set(found) or not set(found) <= known:
        raise ProviderSettingsRefused(
            f"{path} needs {', '.join(sorted(needed))} and knows {', '.join(sorted(known))}"
        )
    roles = {group: tuple(given) for group, given in dict(found["roles"]).items()}
    if unknown := {r for given in roles.values() for r in given} - set(ROLES):
        raise ProviderSettingsRefused(f"{path}: there are no roles {', '.join(sorted(unknown))}")
    if not is_safe_url(found["issuer"]):
        raise ProviderSettingsRefused(f"{path}: the issuer needs https")
    secret = path.parent / found["client_secret_file"]
    if not secret.is_file():
        raise ProviderSettingsRefused(f"{path}: there is no client_secret_file {secret}")
    return ProviderSettings(**found | {"roles": roles, "client_secret_file": secret})
