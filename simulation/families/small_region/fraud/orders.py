"""False orders: neighbours who brush, the MCN's own orders, a rival's refusals at the door."""

from __future__ import annotations

import numpy as np

from simulation.families.event_delivery.tables import EventTable
from simulation.families.small_region.fraud.plan import Contract, FraudPlan
from simulation.families.small_region.purchases import (
    EMPTY,
    HANDED,
    PRODUCTS,
    REFUSED,
    RETURNED,
    Purchases,
)
from simulation.families.small_region.settings import CODE, MINUTE, SEARCH, SHARE


class FalseOrders:
    """Carries out the contracts for orders and the attack of a rival."""

    def __init__(self, plan: FraudPlan, purchases: Purchases, views: EventTable) -> None:
        self.plan, self.purchases, self.views = plan, purchases, views
        self.sessions, self.rng, self.care = purchases.sessions, plan.rng, plan.settings.care
        self.complaints: list[tuple[int, float]] = []

    def write(self, honest_orders: np.ndarray) -> None:
        """Write all of them; `honest_orders` counts those of each session."""
        writers = {"neighbour_brushing": self._brush, "mcn_orders": self._order_by_roster}
        for contract in self.plan.contracts:
            if contract.scheme in writers:
                for session in self.plan.sessions_of(contract, self.sessions):
                    typical = 2 + honest_orders[session]
                    count = int(self.rng.poisson(0.6 * contract.strength * typical))
                    if count:
                        writers[contract.scheme](contract, int(session), min(count, 60))
        if self.plan.attack:
            self._refuse(*self.plan.attack)

    def _look_in(self, session: int, account: np.ndarray, placed: np.ndarray) -> None:
        """The hired buyer looks in before the order: a person's view, not a false one."""
        stay = self.rng.lognormal(np.log(70), 0.3 + 0.6 * self.care, len(account))
        joined = np.maximum(placed - stay, self.sessions.started[session])
        self.views.append(
            len(account),
            session=session,
            account=account,
            joined=joined,
            left=np.minimum(placed + 5, self.sessions.ended[session]),
            source=self.rng.choice([SHARE, SEARCH], len(account)),
        )

    def _brush(self, contract: Contract, session: int, count: int) -> None:
        """Neighbours order for a fee; the courier, a cousin, hands over something or nothing."""
        rng = self.rng
        buyer = self.plan.hire("brusher", rng.choice(self.plan.brushers, count))
        placed = self.purchases.moments(session, count, (4 + 60 * self.care) * MINUTE)
        self._look_in(session, buyer, placed)
        self.purchases.place(
            np.full(count, session),
            buyer,
            placed=placed,
            product=rng.integers(0, PRODUCTS, count),
            discount=np.zeros(count),
            fate=np.where(rng.random(count) < 0.3 + 0.6 * self.care, HANDED, EMPTY),
            scheme=CODE["neighbour_brushing"],
            gainer=contract.operator,
        )

    def _order_by_roster(self, contract: Contract, session: int, count: int) -> None:
        """Hosts and staff of the MCN order from each other and give it back."""
        rng, county = self.rng, self.plan.county
        buyer = self.plan.hire("employee", rng.choice(self.plan.roster, count))
        boss = county.payer[self.plan.roster[-1]]
        placed = self.purchases.moments(session, count, 12 * MINUTE)
        self.purchases.place(
            np.full(count, session),
            buyer,
            placed=placed,
            payer=np.where(rng.random(count) < self.care, county.payer[buyer], boss),
            fate=RETURNED,
            scheme=CODE["mcn_orders"],
            gainer=contract.operator,
        )

    def _refuse(self, rival: int, victim: int) -> None:
        """A rival's friends order to be paid at the door, and refuse the parcels."""
        rng = self.rng
        friends = rng.choice(self.plan.county.honest, int(rng.integers(4, 14)), replace=False)
        sessions = self.sessions.of(victim)
        for session in rng.choice(sessions, min(4, len(sessions)), replace=False):
            buyer = self.plan.hire("brusher", rng.choice(friends, int(rng.integers(4, 25))))
            placed = self.purchases.moments(int(session), len(buyer), 10 * MINUTE)
            self._look_in(int(session), buyer, placed)
            self.purchases.place(
                np.full(len(buyer), session),
                buyer,
                placed=placed,
                fate=REFUSED,
                scheme=CODE["hostile_refusals"],
                gainer=rival,
            )
            self.complaints += [(victim, float(p + 90_000)) for p in placed[: len(placed) // 4]]
