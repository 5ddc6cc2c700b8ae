"""The address of the desk, and the provider that vouches for its users."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from data_contracts.errors import SteelyardError
from serving.desk.accounts.logins.provider_settings import ProviderSettings

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsRefused(SteelyardError):
    """The desk cannot be reached so, or its settings are incomplete."""

    exit_code = 22


@dataclass(frozen=True)
class WebSettings:
    """The address that browsers use, such as `https://desk.example`.

    Requests for other host names are refused, so that no foreign name leads to the loopback.
    """

    public_url: str = "http://127.0.0.1"
    provider: ProviderSettings | None = None

    @property
    def provider_name(self) -> str:
        """The name of the identity provider on the login page; empty without one."""
        return self.provider.name if self.provider else ""

    @property
    def provider_return_url(self) -> str:
        """The address to which the provider sends browsers back."""
        return self.public_url.rstrip("/") + "/login/provider/return"

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the desk by TLS, so that cookies may demand it."""
        return self.public_url.startswith("https://")

    @property
    def host_names(self) -> frozenset[str]:
        """Host names that requests may name."""
        name = urlsplit(self.public_url).hostname or ""
        return LOOPBACK_NAMES if name in LOOPBACK_NAMES else frozenset({name})


def settings_for(address: str, host: str, provider: ProviderSettings | None = None) -> WebSettings:
    """Settings for an address. Raises SettingsRefused where browsers could not reach the desk."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise SettingsRefused(f"{address} is no address of a site, such as https://desk.example")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_NAMES:
        raise SettingsRefused(
            f"the desk listens on {host}, so passwords would travel in the open. Put a proxy with "
            "TLS before it and name its address: --public-url https://desk.example"
        )
    return WebSettings(address, provider)
