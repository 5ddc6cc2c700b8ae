"""Signals of sessions from their events."""
