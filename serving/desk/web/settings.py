"""Where the desk is reached, and who else vouches for its users."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class WebSettings:
    """The address that browsers use, such as `https://desk.example`.

    Requests for other host names are refused, so that no foreign name leads to the loopback.
    """

    public_url: str = "http://127.0.0.1"
    provider_name: str = ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the desk by TLS, so that cookies may demand it."""
        return self.public_url.startswith("https://")

    @property
    def host_names(self) -> frozenset[str]:
        """Host names that requests may name."""
        name = urlsplit(self.public_url).hostname or ""
        return LOOPBACK_NAMES if name in LOOPBACK_NAMES else frozenset({name})
