"""Who cheats in the county, with which phones and which people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.small_region.county import County
from simulation.families.small_region.rooms import Operators, Sessions
from simulation.families.small_region.settings import DAY, DAYS, OPERATORS, Settings

VIEW_SCHEMES = ("phone_shop", "chat_group", "rejoining_phones", "mcn_roster", "auto_taps")
ORDER_SCHEMES = ("neighbour_brushing", "mcn_orders")


@dataclass(frozen=True)
class Contract:
    """What one operator arranges: a scheme, its strength, its days and its habit."""

    operator: int
    scheme: str
    strength: float
    from_day: int
    to_day: int
    habit: float


class FraudPlan:
    """Contracts of the cheating operators, and the accounts that serve them."""

    def __init__(
        self, rng: np.random.Generator, settings: Settings, county: County, operators: Operators
    ) -> None:
        self.rng, self.settings, self.county = rng, settings, county
        self.kinds: dict[int, str] = {}
        self.role = np.full(OPERATORS, "honest", dtype="<U6")
        count = round(settings.cheats * OPERATORS)
        rank = rng.random(OPERATORS) + 0.5 * (operators.mcn == 0)  # the MCN draws its own in
        cheats = np.argsort(-rank)[:count]
        self.role[cheats] = "cheat"
        self.attack: tuple[int, int] | None = None
        honest = np.flatnonzero(self.role == "honest")
        if settings.rival and len(honest) > 4:
            rival, victim = (int(i) for i in rng.choice(honest, 2, replace=False))
            self.role[rival], self.role[victim] = "rival", "victim"
            self.attack = (rival, victim)
        self.contracts = [c for i in cheats for c in self._arrange(int(i), operators)]
        self.phones = [self._phone_shop() for _ in range(int(rng.integers(1, 4)))]
        self.group = np.unique(rng.integers(0, county.honest, int(rng.integers(40, 170))))
        ours = np.flatnonzero(operators.mcn == 0)
        self.roster = np.concatenate([operators.host[ours], self._staff(len(ours))])
        self.brushers = rng.choice(county.honest, int(rng.integers(6, 26)), replace=False)

    def _arrange(self, operator: int, operators: Operators) -> list[Contract]:
        """One to three schemes of an operator; the roster is for members of the MCN."""
        rng = self.rng
        names = [*VIEW_SCHEMES, *ORDER_SCHEMES]
        member = operators.mcn[operator] == 0
        weight = np.array([4, 4, 2, 8 * member, 2, 5, 4 * member], float)
        number = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
        chosen = rng.choice(names, number, replace=False, p=weight / weight.sum())
        begins = int(rng.integers(0, DAYS - 2)) if rng.random() < 0.35 else 0
        return [
            Contract(
                operator,
                str(name),
                float(self.settings.intensity * rng.lognormal(-0.2, 0.6)),
                begins,
                DAYS if rng.random() < 0.8 else min(DAYS, begins + int(rng.integers(2, 8))),
                float(rng.beta(3, 1.5)),
            )
            for name in chosen
        ]

    def _phone_shop(self) -> np.ndarray:
        """Accounts on 30 to 80 phones of a relative's shop, behind one line."""
        rng, care = self.rng, self.settings.care
        count = int(rng.integers(30, 81))
        town = int(rng.integers(0, self.settings.townships))
        line = 70_000 + int(rng.integers(0, 900))
        columns: dict[str, np.ndarray | float] = {
            "house_net": np.full(count, line),
            "mobile": np.full(count, 0.6 * care * rng.random()),
        }
        if rng.random() > care:  # bought for the purpose; else old accounts of customers
            columns["registered"] = self.settings.start - rng.exponential(12, count) * DAY
            columns["level"] = rng.integers(0, 3, count)
            columns["version"] = np.full(count, rng.integers(0, 7))
        return self.hire("bot", self.county.add(count, town, **columns))

    def _staff(self, members: int) -> np.ndarray:
        """Staff of the MCN, on its office line."""
        count = 4 * members + int(self.rng.integers(6, 20))
        line = np.full(count, 80_000)
        return self.county.add(
            count, int(self.rng.integers(0, self.settings.townships)), house_net=line
        )

    def hire(self, kind: str, accounts: np.ndarray) -> np.ndarray:
        """Remember the kind of accounts that serve fraud; the first kind stays."""
        for one in accounts.tolist():
            self.kinds.setdefault(one, kind)
        return accounts

    def sessions_of(self, contract: Contract, sessions: Sessions) -> np.ndarray:
        """Sessions that a contract inflates."""
        of = sessions.of(contract.operator)
        day = (sessions.started[of] - self.settings.start) // DAY
        active = (day >= contract.from_day) & (day < contract.to_day)
        return of[active & (self.rng.random(len(of)) < contract.habit)]
