"""Signals of accounts: their views, their purchases, their partners."""
