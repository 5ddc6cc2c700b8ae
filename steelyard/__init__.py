"""The analysts' door: lakes, nights, cases, rings and signals. Only these names are promised."""

from features.values import signal_values as compute
from steelyard.lake import SIGNALS, LakeView, open_lake, snapshot
from steelyard.night import CaseView, NightView

__all__ = ["SIGNALS", "CaseView", "LakeView", "NightView", "compute", "open_lake", "snapshot"]
