"""Fraud vendors: each has accounts, devices and networks, and sells to several operators."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulation.identifiers import DAY
from simulation.records import Views
from simulation.schemes import ORDER_SCHEMES, SCHEME_NUMBER, SCHEMES
from simulation.second_platform.people import People
from simulation.second_platform.platform_day import PlatformDay, draw_networks

SOLD_SCHEMES = SCHEMES[1:15]
# Schemes carried out by people who also behave honestly.
HUMAN_SCHEMES = ("crowd", "brusher_platform")
MIN_POOL_ACCOUNTS = 80


@dataclass(frozen=True)
class Vendor:
    """What a vendor owns and how it works; each is drawn once."""

    scheme: str
    pool: np.ndarray  # accounts
    rotates: bool  # sends each account once before it sends it again
    warmed: bool  # its accounts browse like people between jobs
    accounts_per_device: int  # 0: each account has a device
    network: str  # datacentre, proxies, towers or own
    old_app: bool  # an app that is not updated
    evasion: int  # 0 to 2: how closely times follow those of the audience
    turn: int  # random number of the vendor

    def pick_accounts(self, rng: np.random.Generator, n: int, day: int, shop: int) -> np.ndarray:
        """Accounts for a job."""
        if self.rotates:
            return self.pool[(self.turn + day * 97 + shop * 31 + np.arange(n)) % len(self.pool)]
        return rng.choice(self.pool, n)


@dataclass(frozen=True)
class Sale:
    """What a vendor delivers to one session: its row, the size, and the operator that benefits."""

    vendor: Vendor
    session: int
    size: int
    beneficiary: int


def draw_vendors(
    rng: np.random.Generator, p: People, per_scheme: int, max_pool: int
) -> list[Vendor]:
    """Vendors of every scheme; pools of up to `max_pool` accounts.

    Vendors of human schemes hire honest accounts. The others take the accounts made for fraud,
    one after another; where these are few, vendors share some.
    """
    vendors, taken, made = [], p.honest, len(p) - p.honest
    for scheme in SOLD_SCHEMES:
        for _ in range(per_scheme):
            size = int(np.exp(rng.uniform(np.log(MIN_POOL_ACCOUNTS), np.log(max_pool))))
            if scheme == "insider_orders":
                size = int(rng.integers(3, 20))
            if scheme in HUMAN_SCHEMES:
                pool = rng.choice(p.honest, size, replace=False)
            else:
                pool = p.honest + (taken - p.honest + np.arange(size)) % made
                taken += size
            network = str(
                rng.choice(["datacentre", "proxies", "towers", "own"], p=[0.2, 0.3, 0.3, 0.2])
            )
            own = scheme in HUMAN_SCHEMES or scheme in ORDER_SCHEMES or scheme == "follow_ring"
            vendors.append(
                Vendor(
                    scheme=scheme,
                    pool=pool,
                    rotates=bool(rng.random() < 0.5),
                    warmed=bool(rng.random() < 0.4),
                    accounts_per_device=int(rng.choice([0, 5, 30])) if not own else 0,
                    network="own" if own else network,
                    old_app=bool(rng.random() < 0.35) and not own,
                    evasion=int(rng.integers(0, 3)),
                    turn=int(rng.integers(0, 1_000_000)),
                )
            )
    return vendors


def with_vendor_accounts(rng: np.random.Generator, p: People, vendors: list[Vendor]) -> People:
    """People whose vendor accounts are young in half of the pools; only warmed ones browse."""
    bouts, registered = p.bouts.copy(), p.registered.copy()
    level, verified = p.level.copy(), p.verified.copy()
    bouts[p.honest :] = 0.0
    newest = registered.max()
    for vendor in vendors:
        made = vendor.pool[vendor.pool >= p.honest]
        bouts[made] = rng.gamma(0.7, 0.5, len(made)) if vendor.warmed else 0.0
        if rng.random() < 0.5:
            registered[made] = newest - rng.uniform(2, 45, len(made)) * DAY
            level[made] = np.minimum(level[made], 3)
        verified[made] &= rng.random(len(made)) < 0.7
    return replace(p, bouts=bouts, registered=registered, level=level, verified=verified)


@dataclass(frozen=True)
class VendorVisits:
    """Views of a vendor before device and network are drawn."""

    account: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    source: int | np.ndarray


def views_of_sale(
    rng: np.random.Generator, day: PlatformDay, sale: Sale, visits: VendorVisits
) -> Views:
    """Views on the vendor's devices and networks."""
    p, vendor, account = day.people, sale.vendor, visits.account
    n = len(account)
    if vendor.accounts_per_device:
        devices = max(1, len(vendor.pool) // vendor.accounts_per_device)
        device = 400_000_000 + vendor.turn * 100 + account % devices
    else:
        device = p.device[account]
    prefix, asn = draw_networks(rng, p, account)
    if vendor.network == "datacentre":
        prefix, asn = 500_000_000 + vendor.turn * 10 + rng.integers(0, 6, n), np.full(n, 4)
    elif vendor.network == "proxies":
        prefix = p.home[rng.integers(0, p.honest, n)]
        asn = np.where(rng.random(n) < 0.3, 5, 0)
    elif vendor.network == "towers":
        prefix = 50_000_000 + vendor.turn % 30 * 1_000 + rng.integers(0, 120, n)
        asn = np.full(n, 1)
    return Views(
        session=np.full(n, sale.session),
        account=account,
        device=device,
        joined=visits.joined,
        left=np.maximum(visits.left, visits.joined + 0.5),
        source=np.broadcast_to(visits.source, n),
        version=np.full(n, vendor.turn % 5) if vendor.old_app else p.version[account],
        ip=prefix,
        asn=asn,
        region=p.province[account],
        scheme=np.full(n, SCHEME_NUMBER[vendor.scheme]),
    )
