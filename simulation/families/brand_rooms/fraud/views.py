"""False views, likes and follows: level padding, night padding, hijacked apps and waves."""

from __future__ import annotations

import numpy as np

from simulation.families.brand_rooms.brands import Sessions
from simulation.families.brand_rooms.fraud.plan import CODE, Contract, FraudPlan, Vendor
from simulation.families.brand_rooms.settings import (
    COMMENT,
    DATACENTRE,
    DAY,
    DIRECT,
    FEED,
    HOUR,
    LIKE,
    LOST_FAN,
    MINUTE,
    NEW_FAN,
    PROXY,
    SEARCH,
    SHARE,
)
from simulation.families.event_delivery.tables import EventTable, spans


class FalseViews:
    """Writes what view and engagement contracts leave in views and interactions."""

    def __init__(
        self,
        plan: FraudPlan,
        sessions: Sessions,
        views: EventTable,
        acts: EventTable,
        honest_views: np.ndarray,
    ) -> None:
        self.plan, self.sessions = plan, sessions
        self.views, self.acts = views, acts
        self.honest_views = honest_views
        self.rng, self.people = plan.rng, plan.people
        self.care = plan.settings.camouflage
        self.protocol_nets = self.people.new_nets(40)

    def write(self) -> None:
        """Carry out all contracts for views and engagement."""
        writers = {
            "padding_pool": self._pad_level,
            "night_padding": self._pad_night,
            "hijacked_background": self._open_in_background,
            "reservation_wave": self._follow_in_waves,
            "flash_views": self._flash,
            "scripted_likes": self._script,
        }
        for contract in self.plan.contracts:
            if contract.scheme not in writers:
                continue
            for session in self.plan.sessions_of(contract, self.sessions):
                wanted = contract.ratio * self.honest_views[session]
                wanted *= self.rng.lognormal(0, 0.25)
                if wanted >= 3:
                    writers[contract.scheme](contract, int(session), int(wanted))

    def _vendor(self, contract: Contract) -> Vendor:
        """The vendor that serves an operator."""
        return self.plan.vendors[self.plan.vendor_of[contract.operator]]

    def _append(
        self,
        contract: Contract,
        session: int,
        joined: np.ndarray,
        stay: np.ndarray,
        **columns: object,
    ) -> np.ndarray:
        """Append false views that fit into the session; returns which did."""
        joined = np.asarray(joined)
        end = self.sessions.ended[session]
        fits = (joined >= self.sessions.started[session]) & (joined < end - 1)
        filled = {
            name: np.broadcast_to(values, len(joined))[fits]  # type: ignore[call-overload]
            for name, values in columns.items()
        }
        self.views.append(
            int(fits.sum()),
            session=session,
            joined=joined[fits],
            left=np.minimum(joined + stay, end)[fits],
            scheme=CODE[contract.scheme],
            **filled,
        )
        return fits

    def _pad_level(self, contract: Contract, session: int, wanted: int) -> None:
        """Keep a constant number of slots filled; a pool rotates through them with a cool-down."""
        rng, vendor = self.rng, self._vendor(contract)
        length = self.sessions.ended[session] - self.sessions.started[session]
        stay = min(vendor.stay_seconds, length / 2)
        slots = max(1, round(wanted * stay / length))
        per_slot = int(length / stay * 1.3) + 2
        spread = 0.04 + 0.7 * self.care * rng.random()
        stays = stay * rng.lognormal(0, spread, (slots, per_slot))
        gaps = rng.exponential(3 + 60 * self.care, (slots, per_slot))
        begin = self.sessions.started[session] + rng.uniform(0, stay, (slots, 1))
        joined = (begin + np.cumsum(stays + gaps, 1) - stays - gaps).ravel()
        order = np.argsort(joined)
        joined, stays = joined[order], stays.ravel()[order]
        per_hour = wanted / length * HOUR
        members = int(np.clip(per_hour * vendor.cooldown_hours, 4, len(vendor.accounts)))
        pool = rng.choice(vendor.accounts, members, replace=False)
        turn = np.argsort(
            np.arange(len(joined)) + rng.normal(0, 1 + 0.4 * members * self.care, len(joined))
        )
        account = pool[turn % members]
        device = self.people.device[account]
        if vendor.reshuffles:
            lap = np.arange(len(joined)) // members
            device = self.people.device[pool[(turn + lap * 7) % members]]
        source = rng.choice([DIRECT, SHARE, SEARCH], p=[0.4, 0.3, 0.3])
        mixed = rng.choice([FEED, DIRECT, SEARCH], len(joined))
        source = np.where(rng.random(len(joined)) < self.care, mixed, source)
        self._append(
            contract, session, joined, stays, account=account, device=device, source=source
        )

    def _pad_night(self, contract: Contract, session: int, wanted: int) -> None:
        """Fill the hours after midnight so that the curve does not fall."""
        rng, vendor = self.rng, self._vendor(contract)
        joined = rng.uniform(
            self.sessions.started[session], self.sessions.ended[session], 4 * wanted
        )
        hour = ((joined - self.plan.settings.start) % DAY) / HOUR
        depth = np.exp(-(((hour - 3.5) / 2.4) ** 2))
        joined = np.sort(joined[rng.random(len(joined)) < depth])[:wanted]
        stay = rng.exponential(vendor.stay_seconds * 0.5 + 60, len(joined))
        account = rng.choice(vendor.accounts, len(joined))
        self._append(contract, session, joined, stay, account=account, source=DIRECT)

    def _open_in_background(self, contract: Contract, session: int, wanted: int) -> None:
        """Infected apps on real phones open the room while their owner does something else."""
        rng = self.rng
        start, end = self.sessions.started[session], self.sessions.ended[session]
        batches = np.sort(rng.uniform(start, end, max(2, wanted // 15)))
        batched = rng.choice(batches, wanted) + rng.exponential(40, wanted)
        joined = np.where(rng.random(wanted) < self.care, rng.uniform(start, end, wanted), batched)
        stay = np.where(
            rng.random(wanted) < 0.5 + 0.4 * self.care,
            rng.lognormal(np.log(70), 0.9, wanted),
            31 + rng.gamma(2, 3, wanted),
        )
        account = rng.choice(self.plan.infected, wanted)
        self.plan.kinds |= dict.fromkeys(account.tolist(), "hijacked")
        source = rng.choice([FEED, DIRECT], wanted, p=[0.6, 0.4])
        self._append(contract, session, joined, stay, account=account, source=source)

    def _flash(self, contract: Contract, session: int, wanted: int) -> None:
        """Views without an app: a second or two each, in ramps."""
        rng, vendor = self.rng, self._vendor(contract)
        start, end = self.sessions.started[session], self.sessions.ended[session]
        ramps = rng.uniform(start, end, max(1, wanted // 80))
        joined = rng.choice(ramps, wanted) + rng.uniform(0, 20 * MINUTE, wanted)
        self._append(
            contract,
            session,
            joined,
            rng.uniform(0.4, 3.2 + 5 * self.care, wanted),
            account=rng.choice(vendor.accounts, wanted),
            source=rng.choice([FEED, DIRECT, SEARCH], wanted),
            net=rng.choice(self.protocol_nets, wanted),
            asn=rng.choice([DATACENTRE, PROXY], wanted),
        )

    def _follow_in_waves(self, contract: Contract, session: int, wanted: int) -> None:
        """Bought followers and reservations arrive before a coupon hour; some leave again."""
        rng = self.rng
        start, end = self.sessions.started[session], self.sessions.ended[session]
        count = int(np.clip(wanted * rng.uniform(0.1, 0.6), 5, 900))
        bots = rng.choice(self._vendor(contract).accounts, count)
        crowd = self.people.pick_lively(count)
        account = np.where(rng.random(count) < 0.25 + 0.6 * self.care, crowd, bots)
        for one in account.tolist():
            self.plan.kinds.setdefault(one, "crowd")
        waves = rng.uniform(start, end - 300, int(rng.integers(1, 5)))
        joined = rng.choice(waves, count) + rng.gamma(2, 60 + 900 * self.care, count)
        stay = rng.lognormal(np.log(12 + 40 * self.care), 0.6, count)
        source = rng.choice([SHARE, SEARCH, DIRECT], count)
        fits = self._append(contract, session, joined, stay, account=account, source=source)
        joined, stay, account = joined[fits], stay[fits], account[fits]
        at = np.minimum(joined + stay * rng.uniform(0.3, 0.95, len(stay)), end)
        code = CODE[contract.scheme]
        self.acts.append(
            len(at), session=session, account=account, kind=NEW_FAN, at=at, scheme=code
        )
        leaves = rng.random(len(at)) < 0.35
        later = at[leaves] + rng.uniform(0.5, 4, leaves.sum()) * DAY
        self.acts.append(
            int(leaves.sum()), account=account[leaves], kind=LOST_FAN, at=later, scheme=code
        )

    def _script(self, contract: Contract, session: int, wanted: int) -> None:
        """A few accounts like at a constant gap and repeat comments from a list."""
        rng, vendor = self.rng, self._vendor(contract)
        start, end = self.sessions.started[session], self.sessions.ended[session]
        robots = rng.choice(vendor.accounts, int(np.clip(wanted // 25, 2, 40)), replace=False)
        begin = rng.uniform(start, max(start + 1, end - HOUR), len(robots))
        stay = np.minimum(rng.uniform(900, 2.5 * HOUR, len(robots)), end - begin)
        self._append(contract, session, begin, stay, account=robots, source=DIRECT)
        owner, place = spans(np.clip(stay / (45 + 300 * self.care), 1, 60).astype(int))
        gap = (stay / np.bincount(owner))[owner]
        at = begin[owner] + (place + 0.5 + rng.normal(0, 0.1 * self.care, len(owner))) * gap
        at = np.clip(at, start, end)
        talks = rng.random(len(owner)) < 0.15
        self.acts.append(
            len(owner),
            session=session,
            account=robots[owner],
            kind=np.where(talks, COMMENT, LIKE),
            at=at,
            count=np.where(talks, 1, rng.integers(8, 90, len(owner))),
            text=np.where(
                talks, 500_000 + rng.integers(0, 4 + int(60 * self.care), len(owner)), -1
            ),
            scheme=CODE[contract.scheme],
        )
