"""False views, likes and follows of few phones and hired neighbours."""

from __future__ import annotations

import numpy as np

from simulation.families.event_delivery.tables import EventTable, spans
from simulation.families.small_region.fraud.plan import Contract, FraudPlan
from simulation.families.small_region.rooms import Sessions
from simulation.families.small_region.settings import (
    CODE,
    COMMENT,
    DAY,
    DIRECT,
    FEED,
    FOLLOW,
    LIKE,
    LOST_FAN,
    MINUTE,
    NEW_FAN,
    SEARCH,
    SHARE,
)


class FalseViews:
    """Carries out the contracts for views and engagement."""

    def __init__(
        self, plan: FraudPlan, sessions: Sessions, views: EventTable, acts: EventTable
    ) -> None:
        self.plan, self.sessions, self.views, self.acts = plan, sessions, views, acts
        self.rng, self.care = plan.rng, plan.settings.care

    def write(self) -> None:
        """Write all of them."""
        writers = {
            "phone_shop": self._run_phones,
            "chat_group": self._call_group,
            "rejoining_phones": self._rejoin,
            "mcn_roster": self._send_roster,
            "auto_taps": self._tap,
        }
        for contract in self.plan.contracts:
            if contract.scheme in writers:
                for session in self.plan.sessions_of(contract, self.sessions):
                    writers[contract.scheme](contract, int(session))

    def _phones(self, contract: Contract) -> np.ndarray:
        """The shop that serves an operator."""
        return self.plan.phones[contract.operator % len(self.plan.phones)]

    def _span(self, session: int) -> tuple[float, float]:
        """Start and end of a session."""
        return float(self.sessions.started[session]), float(self.sessions.ended[session])

    def _view(
        self,
        contract: Contract,
        session: int,
        account: np.ndarray,
        joined: np.ndarray,
        stay: np.ndarray,
        source: np.ndarray | int,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Append false views within the session; returns account, joined and left."""
        start, end = self._span(session)
        fits = (joined >= start) & (joined < end - 1)
        left = np.minimum(joined + np.maximum(stay, 0.5), end)[fits]
        account, joined = account[fits], joined[fits]
        self.views.append(
            len(joined),
            session=session,
            account=account,
            joined=joined,
            left=left,
            source=np.broadcast_to(source, len(fits))[fits],
            scheme=CODE[contract.scheme],
        )
        return account, joined, left

    def _act(
        self,
        contract: Contract,
        session: int,
        kind: int,
        stays: tuple[np.ndarray, np.ndarray, np.ndarray],
        share: float,
    ) -> np.ndarray:
        """One act of a kind for a share of the views; returns the accounts that acted."""
        account, joined, left = stays
        does = self.rng.random(len(account)) < share
        at = joined[does] + self.rng.random(does.sum()) * (left - joined)[does]
        texts = 700 + contract.operator * 8 + self.rng.integers(0, 2 + int(6 * self.care), len(at))
        self.acts.append(
            len(at),
            session=session,
            account=account[does],
            kind=kind,
            at=at,
            count=self.rng.integers(5, 60, len(at)) if kind == LIKE else 1,
            text=texts if kind == COMMENT else -1,
            scheme=CODE[contract.scheme],
        )
        return account[does]

    def _run_phones(self, contract: Contract, session: int) -> None:
        """The phones on the shop's shelves play the room from near its start, one by one."""
        rng, (start, end) = self.rng, self._span(session)
        phones = self._phones(contract)
        share = np.clip(0.5 * contract.strength + 0.3, 0.15, 1.0)
        used = phones[rng.random(len(phones)) < share]
        pace = rng.exponential(4 + 90 * self.care, len(used))  # one person walks along the shelf
        joined = start + rng.uniform(20, 900) + np.cumsum(pace)
        stay = (end - joined) * rng.beta(14 - 11 * self.care, 1.3, len(used))
        source = rng.choice([DIRECT, SEARCH, FOLLOW], len(used))
        stays = self._view(contract, session, used, joined, stay, source)
        self._act(contract, session, LIKE, stays, 0.25)
        if rng.random() < 0.3:
            self._act(contract, session, NEW_FAN, stays, 0.5)

    def _call_group(self, contract: Contract, session: int) -> None:
        """A task is posted in a chat group: real people come, stay as asked, follow and go."""
        rng, (start, end) = self.rng, self._span(session)
        for _ in range(1 + rng.poisson(0.8 * contract.strength)):
            share = np.clip(0.35 * contract.strength, 0.1, 0.9)
            called = self.plan.group[rng.random(len(self.plan.group)) < share]
            posted = rng.uniform(start, max(start + 1, end - 8 * MINUTE))
            joined = posted + rng.lognormal(np.log(240), 0.6 + 0.6 * self.care, len(called))
            asked = rng.choice([60.0, 180.0, 300.0])
            stay = asked + rng.exponential(15 + 120 * self.care, len(called))
            source = np.where(rng.random(len(called)) < 0.75, SHARE, FEED)
            stays = self._view(contract, session, called, joined, stay, source)
            self.plan.hire("crowd", stays[0])
            self._act(contract, session, COMMENT, stays, 0.5)
            self._act(contract, session, LIKE, stays, 0.5)
            fans = self._act(contract, session, NEW_FAN, stays, 0.3)
            gone = fans[rng.random(len(fans)) < 0.4]
            self.acts.append(
                len(gone),
                account=gone,
                kind=LOST_FAN,
                at=end + rng.uniform(0.2, 2, len(gone)) * DAY,
                scheme=CODE[contract.scheme],
            )

    def _rejoin(self, contract: Contract, session: int) -> None:
        """A few phones open the room again and again, so that its views rise."""
        rng, (start, end) = self.rng, self._span(session)
        phones = rng.choice(self._phones(contract), int(rng.integers(4, 15)), replace=False)
        times = max(2, int(12 * contract.strength * rng.lognormal(0, 0.3)))
        owner, _ = spans(np.full(len(phones), times))
        gap = (end - start) / times
        joined = start + rng.random((len(phones), 1)) * gap + np.arange(times) * gap
        joined = (joined + rng.normal(0, 0.02 + 0.4 * self.care, joined.shape) * gap).ravel()
        stay = rng.lognormal(np.log(min(40, gap / 2)), 0.2 + 0.8 * self.care, len(owner))
        stay = np.minimum(stay, gap * 0.9)
        self._view(contract, session, phones[owner], joined, stay, DIRECT)

    def _send_roster(self, contract: Contract, session: int) -> None:
        """The MCN's hosts and staff sit in each other's rooms by a list, follow and like."""
        rng, (start, end) = self.rng, self._span(session)
        roster = self.plan.roster
        sent = roster[rng.random(len(roster)) < np.clip(0.5 * contract.strength, 0.15, 0.95)]
        joined = start + rng.exponential(200 + 1_500 * self.care, len(sent))
        stay = rng.uniform(0.3, 1.0, len(sent)) * min(end - start, 60 * MINUTE)
        again = rng.random(len(sent)) < 0.4
        joined = np.concatenate([joined, joined[again] + stay[again] + 120])
        stay = np.concatenate([stay, stay[again] * 0.5])
        account = np.concatenate([sent, sent[again]])
        source = np.where(rng.random(len(account)) < 0.8, FOLLOW, SHARE)
        stays = self._view(contract, session, account, joined, stay, source)
        self.plan.hire("employee", stays[0])
        self._act(contract, session, LIKE, stays, 0.7)
        self._act(contract, session, COMMENT, stays, 0.4)
        self._act(contract, session, NEW_FAN, stays, 0.08)

    def _tap(self, contract: Contract, session: int) -> None:
        """A clicker taps on a few phones at a constant gap."""
        rng, (start, end) = self.rng, self._span(session)
        phones = rng.choice(self._phones(contract), int(rng.integers(2, 8)), replace=False)
        joined = start + rng.uniform(0, 0.4, len(phones)) * (end - start)
        stay = (end - joined) * rng.uniform(0.3, 0.95, len(phones))
        account, joined, left = self._view(contract, session, phones, joined, stay, DIRECT)
        number = np.clip((left - joined) / 30 * contract.strength, 2, 90).astype(int)
        owner, place = spans(number)
        gap = ((left - joined) / number)[owner]
        wobble = rng.normal(0.5, 0.02 + 0.3 * self.care, len(owner)).clip(0.01, 0.99)
        self.acts.append(
            len(owner),
            session=session,
            account=account[owner],
            kind=LIKE,
            at=joined[owner] + (place + wobble) * gap,
            count=rng.integers(5, 50, len(owner)),
            scheme=CODE[contract.scheme],
        )
