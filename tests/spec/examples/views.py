"""Worked examples of single views."""

from __future__ import annotations

import math

from features.signals.views import entry_channels
from tests.spec.tables import Case, rows

CASES = [
    Case(
        "a way of entry of a quarter of all views that all of a session came by is four times as common as usual",
        entry_channels.view_entry_lift,
        {
            "views": rows(
                "session_id account_id entry_source joined_at left_at",
                "s1 a share t0 t60",
                "s2 b feed t0 t60",
                "s2 c feed t0 t60",
                "s2 d feed t0 t60",
                "s2 e - t0 t60",
            )
        },
        {"s1#0": 4.0, "s2#0": 1.0, "s2#1": 1.0, "s2#2": 1.0},
    ),
    Case(
        "a prefix that makes as many views of a session as of all has none too many",
        entry_channels.view_prefix_excess,
        {
            "views": rows(
                "session_id account_id ip_prefix joined_at left_at",
                "s1 a p t0 t60",
                "s1 b q t0 t60",
                "s2 c p t0 t60",
                "s2 d p t0 t60",
                "s3 e q t0 t60",
                "s3 f q t0 t60",
            )
        },
        {
            "s1#0": 0.0,
            "s1#1": 0.0,
            "s2#0": 1 / math.sqrt(2),
            "s2#1": 1 / math.sqrt(2),
            "s3#0": 1 / math.sqrt(2),
            "s3#1": 1 / math.sqrt(2),
        },
    ),
]
