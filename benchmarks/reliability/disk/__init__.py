"""Disks that take half of a write, and a night that is published anew on each of them."""
