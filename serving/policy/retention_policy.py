"""Schema of the policy's section on retention."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RetentionPolicy:
    """Days and calendar years for which each class of data is kept."""

    live_content: int
    trade: int
    record: int
    key_operator_live_content: int
    tables: dict[str, str]
    trade_years: int = 3
    assumed_completion_days: int = 180

    def days(self, table: str) -> int:
        """Days for which rows of a table are kept at least."""
        return int(getattr(self, self.tables[table]))

    def years(self, table: str) -> int:
        """Calendar years for which rows of a table are kept at least; 0 for live content."""
        return 0 if self.tables[table] == "live_content" else self.trade_years
