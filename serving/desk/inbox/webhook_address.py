"""Permitted addresses of webhooks: https to public addresses, or the loopback. ADR-0342.

Names are resolved here, and the connection goes to the address that was checked. So a name that
leads elsewhere later reaches no private network.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

NETWORKS_VARIABLE = "STEELYARD_DESK_WEBHOOK_NETWORKS"
# Networks that carry an IPv4 address inside one of IPv6.
TRANSLATING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))
MAX_URL_CHARACTERS = 2_000
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressRefused(Exception):
    """An address is not one that events are sent to; `code` names why.

    Codes: form, scheme, unknown_host, private.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Destination:
    """A checked address: host and port as the URL names them, and the address to connect to."""

    host: str
    port: int
    address: str
    is_tls: bool
    target: str  # path and query


def allowed_networks() -> tuple[Network, ...]:
    """Private networks that the administrator of the machine allows, separated by commas."""
    named = os.environ.get(NETWORKS_VARIABLE, "")
    texts = (n.strip() for n in named.split(","))
    return tuple(ipaddress.ip_network(n, strict=False) for n in texts if n)


def check_address(url: str, allowed: tuple[Network, ...] | None = None) -> Destination:
    """Resolve and check the address of a receiver. Raises AddressRefused."""
    networks = allowed_networks() if allowed is None else allowed
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused("form") from error
    if len(url) > MAX_URL_CHARACTERS or not url.isprintable() or " " in url:
        raise AddressRefused("form")
    if not host or parts.username or parts.password or parts.fragment:
        raise AddressRefused("form")
    if parts.scheme not in ("https", "http"):
        raise AddressRefused("scheme")
    is_tls = parts.scheme == "https"
    port = port or (443 if is_tls else 80)
    addresses = _resolve(host, port)
    for address in addresses:
        if address.is_loopback:
            continue
        if not is_tls:
            raise AddressRefused("scheme")
        if not _is_public(address) and not any(address in n for n in networks):
            raise AddressRefused("private")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(host, port, str(addresses[0]), is_tls, target)


def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [_plain(ipaddress.ip_address(str(f[4][0]).partition("%")[0])) for f in found]
    except (OSError, ValueError) as error:
        raise AddressRefused("unknown_host") from error
    if not addresses:
        raise AddressRefused("unknown_host")
    return list(dict.fromkeys(addresses))


def _plain(address: Address) -> Address:
    """An address of IPv4 that is written as one of IPv6, as what it is."""
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def _is_public(address: Address) -> bool:
    if address.is_multicast or any(address in n for n in TRANSLATING):
        return False
    return address.is_global
