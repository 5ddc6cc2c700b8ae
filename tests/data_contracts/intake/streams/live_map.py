"""The map of the events that tests listen to."""

from __future__ import annotations

from datetime import datetime

MAP = {
    "sources": {
        "orders": {"path": "orders", "format": "frame"},
        "rooms": {"path": "rooms", "format": "frame"},
        "minutes": {"path": "minutes", "format": "frame"},
    },
    "tables": {
        "orders": {
            "source": "orders",
            "zone": "Asia/Shanghai",
            "money": "cents",
            "received_at": "event_time",
            "columns": {
                "order_id": "no",
                "operator_id": "shop",
                "buyer_id": "uid",
                "placed_at": "at",
                "paid_amount": "cents",
            },
        },
        "sessions": {
            "source": "rooms",
            "zone": "Asia/Shanghai",
            "received_at": "event_time",
            "columns": {"session_id": "s", "operator_id": "shop", "started_at": "at"},
        },
        "room_minutes": {
            "source": "minutes",
            "received_at": "ingest_time",
            "columns": {"session_id": "s", "minute": "m", "viewers": "online"},
        },
    },
}
NOW = datetime(2026, 1, 10, 12)
