"""Migrations of the desk's database, applied in the order of their revisions."""
