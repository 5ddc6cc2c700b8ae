"""False orders: brushing with small gifts, internal orders, slot refunds and a rival's attack."""

from __future__ import annotations

import numpy as np

from simulation.families.brand_rooms.brands import Brands
from simulation.families.brand_rooms.fraud.plan import CODE, Contract, FraudPlan
from simulation.families.brand_rooms.settings import DAY, HOUR, SEARCH, SHARE
from simulation.families.brand_rooms.trade import (
    EMPTY,
    GIFT,
    HOSTILE,
    INTERNAL,
    REAL,
    SLOT,
    Trade,
)
from simulation.families.event_delivery.tables import EventTable


class FalseOrders:
    """Writes what order contracts and attacks leave in orders and views."""

    def __init__(
        self, plan: FraudPlan, brands: Brands, trade: Trade, orders: EventTable, views: EventTable
    ) -> None:
        self.plan, self.brands, self.trade = plan, brands, trade
        self.sessions = trade.sessions
        self.orders, self.views = orders, views
        self.rng, self.people = plan.rng, plan.people
        care = plan.settings.camouflage
        self.brushers = plan.hire(
            "brusher",
            int(self.rng.integers(60, 420)),
            400 if care > 0.4 else 60,
            {"guest": 0.2, "shopper": 1.0},
        )
        recruiters = self.rng.choice(self.brushers, 5)
        hired = self.rng.random(len(self.brushers)) < 0.7 * (1 - care)
        self.people.referrer[self.brushers[hired]] = self.rng.choice(recruiters, hired.sum())
        self.complaints: list[tuple[int, float]] = []  # operator, moment: by a rival's people

    def write(self, honest_orders: np.ndarray) -> None:
        """Carry out all contracts for orders, and the attacks.

        Parameters
        ----------
        honest_orders
            Orders of each session without fraud, shape (sessions,).
        """
        writers = {
            "gift_brushing": self._brush,
            "internal_orders": self._order_internally,
            "slot_refund": self._fill_slot,
        }
        for contract in self.plan.contracts:
            if contract.scheme not in writers:
                continue
            for session in self.plan.sessions_of(contract, self.sessions):
                typical = max(honest_orders[session], 2.0)
                wanted = self.rng.poisson(contract.ratio * typical)
                if wanted:
                    writers[contract.scheme](contract, int(session), min(int(wanted), 400))
        for rival, victim, scheme in self.plan.attacks:
            self._attack(rival, victim, scheme)

    def _look_in(
        self,
        session: int,
        account: np.ndarray,
        placed: np.ndarray,
        dwell: float,
    ) -> None:
        """The buyer's own look into the room before the order: a person's view, not a false one."""
        stay = dwell * self.rng.lognormal(
            0, 0.15 + 0.5 * self.plan.settings.camouflage, len(account)
        )
        joined = np.maximum(placed - stay, self.sessions.started[session])
        left = np.minimum(placed + self.rng.exponential(20, len(account)), self._end(session))
        self.views.append(
            len(account),
            session=session,
            account=account,
            joined=joined,
            left=np.maximum(left, joined),
            source=self.rng.choice([SEARCH, SHARE], len(account), p=[0.7, 0.3]),
        )

    def _end(self, session: int) -> float:
        return float(self.sessions.ended[session])

    def _moments(self, session: int, count: int, bursts: int, seconds: float) -> np.ndarray:
        """Moments of orders in a few bursts within a session."""
        start, end = self.sessions.started[session], self._end(session)
        centres = self.rng.uniform(start + 60, max(start + 61, end - 120), bursts)
        moments = self.rng.choice(centres, count) + self.rng.normal(0, seconds, count)
        return np.sort(np.clip(moments, start + 30, end - 5))

    def _place(
        self, contract: Contract, session: int, buyer: np.ndarray, **columns: np.ndarray | int
    ) -> None:
        """Append false orders of one session."""
        operator = np.full(len(buyer), contract.operator)
        columns.setdefault("gainer", contract.operator)
        self.trade.place(
            self.orders,
            operator,
            buyer,
            session=np.full(len(buyer), session),
            scheme=CODE[contract.scheme],
            **columns,
        )

    def _brush(self, contract: Contract, session: int, wanted: int) -> None:
        """Hired buyers order; parcels hold a small gift, or the goods where care is taken."""
        rng, care = self.rng, self.plan.settings.camouflage
        buyer = rng.choice(self.brushers, min(wanted, len(self.brushers)), replace=False)
        drips = rng.random() < care
        bursts = len(buyer) if drips else max(1, len(buyer) // 12)
        placed = self._moments(session, len(buyer), bursts, 420 + 3_000 * care)
        self._look_in(session, buyer, placed, 200)
        real = rng.random(len(buyer)) < 0.7 * care * rng.random()
        empty = rng.random(len(buyer)) < 0.25
        cheap = self.trade.catalogue.price[contract.operator].argsort()[:12]
        self._place(
            contract,
            session,
            buyer,
            placed=placed,
            product=rng.choice(cheap, len(buyer)),
            discount=0,
            fate=np.where(real, REAL, np.where(empty, EMPTY, GIFT)),
        )

    def _order_internally(self, contract: Contract, session: int, wanted: int) -> None:
        """Employees order for the day's target with the company's money and cancel or return."""
        rng, care = self.rng, self.plan.settings.camouflage
        staff = self.brands.staff[contract.operator]
        wanted = min(wanted, 6 * len(staff))
        buyer = rng.choice(staff, wanted)
        late_hours = 0.5 + 8 * care
        placed = self._end(session) - rng.exponential(late_hours * HOUR, wanted)
        placed = np.clip(placed, self.sessions.started[session] + 30, self._end(session) - 5)
        employer = self.people.payer[staff[0]]
        pays_itself = rng.random(wanted) < care * 0.8
        self.plan.kinds |= dict.fromkeys(np.unique(buyer).tolist(), "employee")
        self._place(
            contract,
            session,
            buyer,
            placed=placed,
            quantity=1 + rng.geometric(0.4, wanted),
            payer=np.where(pays_itself, self.people.payer[buyer], employer),
            fate=np.where(rng.random(wanted) < 0.2, REAL, INTERNAL),
        )

    def _fill_slot(self, contract: Contract, session: int, wanted: int) -> None:
        """The sales of a promised hour are ordered by a crowd and refunded after settlement."""
        rng = self.rng
        crowd = rng.choice(self.people.honest, 3 * wanted, replace=False)
        brushers = rng.choice(self.brushers, wanted)
        buyer = np.where(rng.random(wanted) < 0.4, brushers, crowd[:wanted])
        for one in buyer.tolist():
            self.plan.kinds.setdefault(one, "crowd")
        placed = self._moments(session, wanted, 1, 700)
        self._look_in(session, buyer, placed, 90)
        best = self.trade.catalogue.price[contract.operator].argsort()[-8:]
        self._place(
            contract, session, buyer, placed=placed, product=rng.choice(best, wanted), fate=SLOT
        )

    def _attack(self, rival: int, victim: int, scheme: str) -> None:
        """A rival brushes a victim crudely, or floods it with complaints."""
        rng = self.rng
        open_sessions = self.sessions.of(victim)
        if not len(open_sessions):
            return
        for session in rng.choice(open_sessions, min(len(open_sessions), 3), replace=False):
            count = int(rng.integers(8, 70))
            contract = Contract(victim, "hostile_brushing", 1.0, 0, 0, 1.0)
            placed = self._moments(int(session), count, 2, 500)
            if scheme == "hostile_brushing":
                buyer = rng.choice(self.brushers, count)
                self._look_in(int(session), buyer, placed, 40)
                cheapest = int(self.trade.catalogue.price[victim].argmin())
                self._place(
                    contract,
                    int(session),
                    buyer,
                    placed=placed,
                    product=np.full(count, cheapest),
                    fate=HOSTILE,
                    gainer=rival,
                )
            moments = placed + rng.uniform(0.2, 3, count) * DAY
            self.complaints += [(victim, float(m)) for m in moments[rng.random(count) < 0.5]]
