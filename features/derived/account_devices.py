"""Devices of accounts, over all rooms."""

from __future__ import annotations

from typing import Any

from features.declaration import derived


@derived(
    reads=("views",), columns={"account_id": "string", "device_id": "string", "views": "int64"}
)
def account_devices(views: Any) -> Any:
    """Views of each pair of account and device; either may be unknown."""
    return views.group_by("account_id", "device_id").aggregate(views=views.count())
