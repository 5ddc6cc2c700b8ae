"""Retention: what may be deleted, what must stay, and legal holds."""
